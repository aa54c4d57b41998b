"""What came of a step is told by how its process has ended."""

import signal
import subprocess
import sys

import pytest

from advisor.workspaces.outcomes import CODES, OUTCOMES, STEP_OF, outcome
from advisor.workspaces.workspace import TO_DO

ENDS = {
    "import os; os._exit(0)": "succeeded",
    f"import os; os._exit({CODES['failed']})": "failed",
    f"import os; os._exit({CODES['cancelled']})": "cancelled",
    f"import os; os._exit({CODES['out_of_memory']})": "out_of_memory",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "killed",
    "raise SystemExit('a fault')": "crashed",
    "import os; os.abort()": "crashed",
}


@pytest.mark.parametrize("program", ENDS)
def test_of_a_process_that_has_ended(program: str) -> None:
    code = subprocess.run([sys.executable, "-c", program], stderr=subprocess.DEVNULL, check=False).returncode
    assert outcome(code) == ENDS[program]


def test_of_one_that_has_used_its_time() -> None:
    bounded = "import resource as r; r.setrlimit(r.RLIMIT_CPU, (1, 5)); r.setrlimit(r.RLIMIT_CORE, (0, 0))"
    endless = f"{bounded}\nwhile True: pass"
    code = subprocess.run([sys.executable, "-c", endless], check=False).returncode
    assert (code, outcome(code)) == (-signal.SIGXCPU, "out_of_time")


def test_all_are_told_apart() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert {outcome(code) for code in range(-64, 256)} == set(OUTCOMES)
    assert STEP_OF == {"uploaded": "read", "mapping": "map", "training": "train"}
    assert set(STEP_OF) == set(TO_DO)
