"""Processes are known by pid and start time, and only those are ever signalled."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import msgspec
import psutil
import pytest

from local_stack import processes
from local_stack.errors import StackError
from local_stack.processes import ProcessId, alive, end, gone_within, kill, send, spawn

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("on", flush=True)
time.sleep(60)
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ProcessId]:
    process = spawn(["/bin/sleep", "60"], output=tmp_path / "log", environ=os.environ)
    yield process
    kill(process)


def test_a_spawned_process_has_a_session_of_its_own(sleeper: ProcessId) -> None:
    assert alive(sleeper)
    assert os.getsid(sleeper.pid) == sleeper.pid


def test_another_process_with_the_same_pid_is_not_ours_and_is_left_alone(sleeper: ProcessId) -> None:
    former = msgspec.structs.replace(sleeper, started=sleeper.started - 60)
    assert not alive(former)
    assert not send(former, SIGKILL)
    kill(former)
    assert end(former, grace=0.1)
    assert alive(sleeper)


def test_end_lets_a_process_end_by_itself(sleeper: ProcessId) -> None:
    assert end(sleeper, grace=5.0)
    assert not alive(sleeper)


def test_end_wakes_a_frozen_process(sleeper: ProcessId) -> None:
    assert send(sleeper, SIGSTOP)
    assert end(sleeper, grace=5.0)
    assert not alive(sleeper)


def test_end_kills_what_does_not_listen(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = spawn([sys.executable, "-c", STUBBORN], output=log, environ=os.environ)
    while not (log.exists() and log.read_text()):
        assert alive(process)
        time.sleep(0.01)
    assert not end(process, grace=0.2)
    assert not alive(process)


def test_a_frozen_process_is_alive_and_a_killed_one_is_not(sleeper: ProcessId) -> None:
    send(sleeper, SIGSTOP)
    assert alive(sleeper)
    send(sleeper, SIGCONT)
    kill(sleeper)
    assert not alive(sleeper)
    assert not psutil.pid_exists(sleeper.pid), "a zombie was left"


def test_waiting_has_an_end(sleeper: ProcessId) -> None:
    assert not gone_within(sleeper, 0.1)


def test_output_of_both_streams_is_appended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    command = ["/bin/sh", "-c", "echo out; echo err >&2; sleep 0.2"]
    process = spawn(command, output=log, environ=os.environ)
    assert processes.gone_within(process, 5.0)
    assert log.read_text() == "before\nout\nerr\n"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="cannot start /nonexistent/server"):
        spawn(["/nonexistent/server"], output=tmp_path / "log", environ=os.environ)
