"""A process that stands back does so among its own session and among sessions."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_processors.priority import stand_back


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """In a session of its own."""
    begun = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield begun
    finally:
        begun.communicate(b"\n", timeout=120)


def test_it_yields(process: subprocess.Popen[bytes]) -> None:
    stand_back(process.pid, 19)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system does not group by session")
def test_its_session_yields_too(process: subprocess.Popen[bytes]) -> None:
    group = Path(f"/proc/{process.pid}/autogroup")
    assert group.read_text().endswith("nice 0\n")
    stand_back(process.pid, 7)
    assert group.read_text().endswith("nice 7\n")


def test_zero_changes_nothing_and_one_that_has_ended_is_no_fault(process: subprocess.Popen[bytes]) -> None:
    before = os.getpriority(os.PRIO_PROCESS, process.pid)
    stand_back(process.pid, 0)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == before
    stand_back(2**22 + 1, 10)  # above Linux's highest process id
