"""Against customers gone through one by one."""

from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.threshold.threshold import LEAST, MOST, SLIDER, Threshold, elbow, found, of_purchases

DAY = 86_400_000
PURCHASES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400 * DAY)), min_size=1, max_size=60)


def slowly(purchases: list[tuple[int, int]], end: int) -> tuple[list[int], dict[int, tuple[int, int]]]:
    """Gaps between days of purchase, and lost and kept by threshold."""
    gaps: list[int] = []
    silences = []
    for user in {user for user, _ in purchases}:
        times = [time for who, time in purchases if who == user]
        days = sorted({time // DAY for time in times})
        gaps += [after - before for before, after in pairwise(days)]
        silences.append(int((end - max(times)) // DAY))
    return gaps, {
        days: (sum(s >= days for s in silences), sum(s < days for s in silences))
        for days in range(SLIDER[0], SLIDER[1] + 1)
    }


@settings(deadline=None)
@given(PURCHASES, st.integers(0, 100 * DAY))
def test_gaps_and_choices(purchases: list[tuple[int, int]], more: int) -> None:
    users, times = (np.array(column, np.int64) for column in zip(*purchases, strict=True))
    end = int(times.max()) + more
    told = of_purchases(users, times, end)
    gaps, choices = slowly(purchases, end)
    assert told.gaps == len(gaps)
    for days, share in enumerate(told.within, start=1):
        assert share == pytest.approx(sum(gap <= days for gap in gaps) / max(len(gaps), 1))
    for choice in told.choices:
        assert (choice.lost, choice.kept) == choices[choice.days]
        assert choice.churn_rate == pytest.approx(choice.lost / (choice.lost + choice.kept))
    assert [choice.days for choice in told.choices] == list(range(SLIDER[0], SLIDER[1] + 1))
    assert told.days == min(max(told.elbow, LEAST), MOST)


def test_the_elbow_lies_where_gaps_become_rare() -> None:
    """Nine of ten gaps are spread over 60 days, the rest over 120 more."""
    x = np.arange(1.0, 181.0)
    y = np.where(x <= 60, 0.9 * x / 60, 0.9 + 0.1 * (x - 60) / 120)
    assert elbow(x, y) == 60
    assert elbow(x, np.zeros(180)) == 1


def drawn(mean: float) -> Threshold:
    chance = Random(1)
    users, times = [], []
    for user in range(200):
        at = chance.randrange(30) * DAY
        for _ in range(12):
            users.append(user)
            times.append(at)
            at += DAY * max(1, round(chance.expovariate(1 / mean)))
    return of_purchases(np.array(users), np.array(times), max(times))


def test_it_stays_within_its_bounds() -> None:
    often, seldom = drawn(3), drawn(300)
    assert often.elbow < LEAST
    assert (often.days, seldom.days) == (LEAST, MOST)


def test_refunds_are_no_purchases(tmp_path: Path) -> None:
    rows = [("a", 0, "purchase"), ("a", 10, "purchase"), ("a", 200, "refund"), ("b", 190, "purchase")]
    table = pa.table(
        {"user": [r[0] for r in rows], "time_ms": [r[1] * DAY for r in rows], "type": [r[2] for r in rows]}
    )
    pq.write_table(table, tmp_path / "events.parquet")
    told = found(tmp_path / "events.parquet")
    assert told.gaps == 1
    assert {c.days: (c.lost, c.kept) for c in told.choices if c.days in (30, 180)} == {
        30: (1, 1),
        180: (1, 1),
    }
    pq.write_table(table.slice(0, 0), tmp_path / "events.parquet")
    with pytest.raises(ValueError, match="no events"):
        found(tmp_path / "events.parquet")


def test_where_nobody_comes_back_it_is_the_most() -> None:
    told = of_purchases(np.arange(5), np.arange(5) * DAY, 5 * DAY)
    assert (told.gaps, told.elbow, told.days) == (0, MOST, MOST)
