"""What the lineup names is what it makes; and nothing is loaded for jobs that are not run."""

import subprocess
import sys
from pathlib import Path

from batch_jobs.config import BatchConfig, MoneyConfig, ReportConfig
from batch_jobs.job import Deferred
from batch_jobs.running.lineup import lineup
from domain.settings import FactSettings

SLOW = ("sklearn", "statsmodels", "lifelines", "scipy", "numba", "matplotlib")


def test_jobs_are_called_what_they_are_asked_for_by(tmp_path: Path) -> None:
    config = BatchConfig(
        archive=str(tmp_path / "log"), folder=str(tmp_path), results=str(tmp_path / "results"), kept=1,
        ledger=str(tmp_path), money=MoneyConfig(), registry=str(tmp_path / "registry"), key="unused in here",
        facts=FactSettings(), look_s=1.0, minute=0, report=ReportConfig(),
    )  # fmt: skip
    for part in lineup(config):
        assert isinstance(part.job, Deferred)
        assert part.job.made().name == part.job.name


def test_to_know_the_jobs_is_to_load_none_of_them() -> None:
    code = f"import sys, batch_jobs.running.workshop; print(*(n for n in {SLOW} if n in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
