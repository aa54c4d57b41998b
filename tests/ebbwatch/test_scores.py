"""Scores for the batch jobs where the store cannot give them; with a real one: `tests/integration`."""

import logging
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from batch_jobs.running.kept import SCORES
from batch_jobs.value import scores
from ebbwatch.scores import take
from ebbwatch.settings import Settings

AS_OF = date(2024, 6, 1)


def test_where_the_store_is_away_nothing_is_raised(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        take(Settings(home=tmp_path, stack="local"), tmp_path / "batch", AS_OF)
    assert "no scores are taken from the store as of 2024-06-01" in caplog.text
    assert not scores.taken(tmp_path / "batch" / SCORES, AS_OF)


def test_those_that_were_taken_first_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = pa.RecordBatch.from_pylist(
        [{"user": "ann", "probability": 0.5, "tier": "low"}], schema=scores.SCORES
    )
    scores.write(tmp_path / SCORES, AS_OF, [rows])
    with caplog.at_level(logging.WARNING):
        take(Settings(home=tmp_path, stack="local"), tmp_path, AS_OF)
    assert not caplog.text
