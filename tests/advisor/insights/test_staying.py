"""Cohorts and the curve of who stays agree with loops over the purchases, and with lifelines."""

import datetime as dt
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lifelines import KaplanMeierFitter

from advisor.insights.staying import staying

DAY = 86_400_000
BEGIN = int(dt.datetime(2023, 1, 10, tzinfo=dt.UTC).timestamp() * 1000)
SILENCE = 40


def purchases(seed: int) -> list[tuple[str, int, str]]:
    chance = Random(seed)
    rows = []
    for number in range(60):
        at = chance.uniform(0, 150)
        while at < 300:
            rows.append((f"c{number}", BEGIN + int(at * DAY), chance.choice(("purchase",) * 9 + ("refund",))))
            if chance.random() < 0.06:
                break
            at += chance.expovariate(1 / chance.choice((9, 25))) + 0.01
    return sorted(rows, key=lambda row: row[1])


def written(folder: Path, rows: list[tuple[str, int, str]]) -> Path:
    users, times, types = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table(
        {
            "user": pa.array(users, pa.string()),
            "time_ms": pa.array(times, pa.int64()),
            "type": pa.array(types, pa.string()),
        }
    )
    pq.write_table(table, folder / "events.parquet")
    return folder / "events.parquet"


def month(ms: int) -> int:
    at = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    return at.year * 12 + at.month - 1


@pytest.mark.parametrize("seed", range(4))
def test_cohorts(seed: int, tmp_path: Path) -> None:
    rows = [(user, ms) for user, ms, type_ in purchases(seed) if type_ == "purchase"]
    months: dict[str, set[int]] = {}
    for user, ms in rows:
        months.setdefault(user, set()).add(month(ms))
    last = max(month(ms) for _, ms in rows)
    wanted = {}
    for first in {min(own) for own in months.values()}:
        cohort = [own for own in months.values() if min(own) == first]
        for period in range(last - first):
            kept = sum(first + period in own for own in cohort)
            wanted[f"{first // 12}-{first % 12 + 1:02d}", period] = (len(cohort), kept, kept / len(cohort))
    found = staying(written(tmp_path, purchases(seed)), SILENCE).cohorts
    assert {(one.cohort, one.period): (one.size, one.retained, one.ratio) for one in found} == wanted
    assert all(one.ratio == 1 for one in found if one.period == 0)


@pytest.mark.parametrize("seed", range(4))
def test_the_curve(seed: int, tmp_path: Path) -> None:
    rows = purchases(seed)
    end = max(ms for _, ms, _ in rows)
    durations, lost = [], []
    for user in {user for user, _, type_ in rows if type_ == "purchase"}:
        own = [ms for u, ms, type_ in rows if u == user and type_ == "purchase"]
        at = next((a for a, b in zip(own, [*own[1:], end], strict=True) if b - a >= SILENCE * DAY), None)
        lost.append(at is not None)
        durations.append(((end if at is None else at + SILENCE * DAY) - own[0]) // DAY)
    fitted = KaplanMeierFitter().fit(durations, lost, timeline=range(max(durations) + 1))
    found = staying(written(tmp_path, rows), SILENCE)
    assert [one.survival for one in found.curve] == pytest.approx(
        fitted.survival_function_["KM_estimate"].tolist(), abs=1e-9
    )
    assert found.curve[0].at_risk == len(durations)
    inside = [one for one in found.curve if one.survival not in (0, 1, None)]
    assert inside
    for one in inside:
        limits = fitted.confidence_interval_.loc[one.day].tolist()
        assert [one.lower, one.upper] == pytest.approx(limits, abs=1e-9)


def test_a_file_without_purchases(tmp_path: Path) -> None:
    found = staying(written(tmp_path, []), SILENCE)
    assert (found.cohorts, found.curve, found.median) == ([], [], (None, None, None))
