"""What the lineup names is what it makes; and nothing is loaded for jobs that are not run."""

import subprocess
import sys
from pathlib import Path

from batch_jobs.config import MoneyConfig
from batch_jobs.job import Deferred
from batch_jobs.running.lineup import lineup

SLOW = ("sklearn", "statsmodels", "lifelines", "scipy", "numba", "matplotlib")


def test_jobs_are_called_what_they_are_asked_for_by(tmp_path: Path) -> None:
    for part in lineup(tmp_path, tmp_path, MoneyConfig(), 0.1):
        assert isinstance(part.job, Deferred)
        assert part.job.made().name == part.job.name


def test_to_know_the_jobs_is_to_load_none_of_them() -> None:
    code = f"import sys, batch_jobs.running.workshop; print(*(n for n in {SLOW} if n in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
