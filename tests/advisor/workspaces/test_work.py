"""A step has so much memory and no more."""

import subprocess
import sys
from typing import Final

import pytest

from advisor.workspaces.outcomes import CODES
from advisor.workspaces.work import MOST_MEMORY

_ASKS: Final = f"""
import mmap, os, sys
from advisor.workspaces.work import bounded
bounded()
try:
    held = mmap.mmap(-1, int(sys.argv[1]), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
except OSError as fault:
    os._exit({CODES["out_of_memory"]})
os._exit(0)
"""


@pytest.mark.parametrize(("share", "outcome"), [(0.5, "succeeded"), (1.1, "out_of_memory")])
def test_a_process_gets_what_it_is_given_and_no_more(share: float, outcome: str) -> None:
    asked = [sys.executable, "-c", _ASKS, str(int(share * MOST_MEMORY))]
    assert subprocess.run(asked, check=False).returncode == CODES[outcome]  # type: ignore[index]
