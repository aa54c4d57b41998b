"""Scores from outside: which days are read, and what is said where there are none."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_jobs.job import Tables
from batch_jobs.segments.folders import days, erase, folder_of
from batch_jobs.value import scores
from batch_jobs.value.job import WARNINGS, Value
from batch_jobs.value.risks import RISKS, given, latest_two
from tests.batch_jobs.rows import active, midnight, star_of

AS_OF = date(2024, 6, 1)
ROWS = [
    active(user, AS_OF - timedelta(ago), orders=1, spent=5_000) for user in ("ann", "bob") for ago in (3, 40)
]


def batch(**risks: float) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(
        [{"user": u, "probability": p, "tier": "high" if p > 0.7 else "medium"} for u, p in risks.items()],
        schema=scores.SCORES,
    )


def run(folder: Path, **parameters: object) -> Tables:
    job = Value(folder / "value", scores=folder / "scores", **parameters)  # type: ignore[arg-type]
    return job(star_of(ROWS, AS_OF), lambda _what, _share: None)


def reasons(tables: Tables) -> dict[str, str]:
    return {row["table"]: row["reason"] for row in tables["reasons"].to_pylist()}


def test_the_newest_day_and_the_one_a_week_before_it_are_read(tmp_path: Path) -> None:
    for ago, risk in ((-1, 0.99), (1, 0.8), (5, 0.1), (8, 0.5), (11, 0.2)):
        scores.write(tmp_path, AS_OF - timedelta(ago), [batch(ann=risk)])
    star = star_of(ROWS, AS_OF)
    served = scores.served(tmp_path, star)
    assert served is not None
    assert served.schema().to_pyarrow().names == RISKS.names
    assert served.schema().to_pyarrow().types == RISKS.types
    (row,) = latest_two(star, served).to_pyarrow().to_pylist()
    assert (row["probability"], row["probability_before"]) == (0.8, 0.5)
    assert row["time"] == midnight(AS_OF - timedelta(1)) - timedelta(milliseconds=1)


def test_scores_of_the_very_as_of_count_and_tell_who_has_moved(tmp_path: Path) -> None:
    scores.write(tmp_path / "scores", AS_OF - timedelta(7), [batch(ann=0.5, bob=0.5)])
    assert scores.write(tmp_path / "scores", AS_OF, [batch(ann=0.9), batch(bob=0.6)]) == 2
    tables = run(tmp_path)
    (everybody, *_) = tables["revenue_at_risk"].to_pylist()
    assert everybody["at_risk"] == pytest.approx(0.75 * everybody["value"])
    assert "revenue_at_risk" not in reasons(tables)
    warnings = pq.read_table(folder_of(tmp_path / "value", midnight(AS_OF)) / WARNINGS)
    assert warnings["user"].to_pylist() == ["ann"]


def test_without_scores_the_ledger_serves_and_the_table_says_so(tmp_path: Path) -> None:
    assert "the ledger has none yet" in reasons(run(tmp_path))["revenue_at_risk"]
    scores.write(tmp_path / "scores", AS_OF - timedelta(15), [batch(ann=0.9)])
    scores.write(tmp_path / "scores", AS_OF + timedelta(1), [batch(ann=0.9)])
    risks = [{"user": "bob", "time": midnight(AS_OF) - timedelta(35), "probability": 0.4, "tier": "medium"}]
    tables = run(tmp_path, risks=given(pa.Table.from_pylist(risks, schema=RISKS)))
    (everybody, *_) = tables["revenue_at_risk"].to_pylist()
    assert everybody["known"] == 1
    assert "of the ledger, a horizon old" in reasons(tables)["revenue_at_risk"]


def test_what_failed_leaves_nothing_and_old_days_are_let_go(tmp_path: Path) -> None:
    scores.write(tmp_path, AS_OF - timedelta(15), [batch(ann=0.9)])
    with pytest.raises(ZeroDivisionError):
        scores.write(tmp_path, AS_OF, (batch(ann=1 / n) for n in (1, 0)))
    assert not scores.taken(tmp_path, AS_OF)
    assert scores.served(tmp_path, star_of(ROWS, AS_OF)) is None
    scores.write(tmp_path, AS_OF, [batch(ann=0.9, bob=0.5)])
    assert days(tmp_path) == [AS_OF]
    assert erase(tmp_path, ["ann"]) == 1
