"""Kinds of customers: planted ones are found and named, and what became of each is what a loop over events says."""

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from advisor.insights import segmentation as of_file
from advisor.insights.habits import habits
from advisor.insights.segmentation import Segmentation, segmentation
from domain.calendar import DAY_MS
from domain.settings import FactSettings
from tests.advisor.insights.test_habits import FIRST, Row, written

LIMIT, DAYS = 30, 150
FACTS = FactSettings(inactivity_ms=LIMIT * DAY_MS)
END = FIRST + DAYS
KINDS = {"often": "Power Users", "seldom": "Casual", "once": "One-Night Stands", "gone": "At-Risk"}


def shop(seed: int = 4, each: int = 40) -> list[Row]:
    """Who comes every third day, every tenth, once long ago, and often until two months ago."""
    chance = Random(seed)
    rows = []
    for kind, (pace, first, last) in {
        "often": (3.0, 0.0, DAYS), "seldom": (10.0, 0.0, DAYS), "once": (999.0, 5.0, 6.0),
        "gone": (4.0, 0.0, DAYS - 60.0),
    }.items():  # fmt: skip
        for number in range(each):
            at = first + chance.uniform(0, 0.9)
            while at < last:
                rows.append((at, f"{kind}-{number:02d}", chance.uniform(5, 50)))
                at += pace * chance.uniform(0.8, 1.2)
    rows.append((DAYS - 0.1, "often-00", 9.0))  # the file ends on the last day
    rows.sort(key=lambda row: row[0])
    return [
        {
            "row": n, "user": user, "time_ms": FIRST * DAY_MS + int(at * DAY_MS), "type": "purchase",
            "order_id": None, "amount": round(amount, 2),
        }
        for n, (at, user, amount) in enumerate(rows)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return shop()


@pytest.fixture(scope="module")
def told(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> tuple[Segmentation, dict[str, str]]:
    path = written(tmp_path_factory.mktemp("kinds"), rows)
    return segmentation(path, FACTS, rows[-1]["time_ms"], 0)


def test_planted_kinds_are_found_and_named(told: tuple[Segmentation, dict[str, str]]) -> None:
    _, kind_of = told
    for kind, name in KINDS.items():
        named = Counter(segment for user, segment in kind_of.items() if user.startswith(kind))
        assert named[name] >= 38, (kind, named)


def test_what_became_of_them_is_what_a_loop_says(
    rows: list[Row], told: tuple[Segmentation, dict[str, str]], tmp_path: Path
) -> None:
    found, kind_of = told
    times = {user: [row["time_ms"] for row in rows if row["user"] == user] for user in kind_of}
    then_ms = (END - LIMIT) * DAY_MS
    assert sum(kind.customers for kind in found.segments) == len(kind_of) == 160
    assert sum(kind.share for kind in found.segments) == pytest.approx(1)
    there = {
        user for user, own in times.items() if any(then_ms - LIMIT * DAY_MS <= at < then_ms for at in own)
    }
    lost = {user for user in there if not any(at >= then_ms for at in times[user])}
    assert sum(kind.known for kind in found.segments) == len(there) > 0
    assert sum(kind.lost for kind in found.segments) == len(lost)
    for kind in found.segments:
        own = [user for user, segment in kind_of.items() if segment == kind.segment]
        late = (END - LIMIT) * DAY_MS
        assert kind.customers == len(own)
        assert kind.active == sum(any(at >= late for at in times[user]) for user in own)
        money = sum(
            row["amount"] for row in rows if row["user"] in own and row["time_ms"] >= (END - 90) * DAY_MS
        )
        assert kind.revenue == pytest.approx(money)
        assert (kind.churn is None) == (kind.known == 0)
        if kind.churn is not None and kind.low is not None and kind.high is not None:
            assert kind.low <= kind.churn == kind.lost / kind.known <= kind.high
    moved = Counter[str | None]()
    for one in found.movement:
        moved[one.now] += one.customers
    assert moved == {kind.segment: kind.customers for kind in found.segments if kind.customers}
    before = {kind.segment: kind.then for kind in found.segments}
    for name, count in before.items():
        assert sum(one.customers for one in found.movement if one.before == name) == count
    # of who was gone long ago as of then, nobody can be lost
    gone = next(kind for kind in found.segments if kind.segment == "One-Night Stands")
    assert (gone.known, gone.churn) == (0, None)


def test_the_map_has_the_sample_and_the_middles(told: tuple[Segmentation, dict[str, str]]) -> None:
    found, _ = told
    assert Counter(place.kind for place in found.points) == {"user": 160, "centre": len(found.centres)}
    assert {one.axis for one in found.axes} == {"x", "y"}
    assert sum(centre.customers for centre in found.centres) == 160


def test_it_is_the_same_however_many_are_compared_at_once(
    rows: list[Row],
    told: tuple[Segmentation, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_file, "_TOGETHER", 7)
    assert segmentation(written(tmp_path, rows), FACTS, rows[-1]["time_ms"], 0) == told


def test_one_customer_is_one_kind(tmp_path: Path) -> None:
    row: Row = {
        "row": 0,
        "user": "a",
        "time_ms": FIRST * DAY_MS,
        "type": "purchase",
        "order_id": None,
        "amount": 1.0,
    }
    found, kind_of = segmentation(written(tmp_path, [row]), FACTS, row["time_ms"], 0)
    assert [kind.customers for kind in found.segments] == [1]
    assert kind_of.keys() == {"a"}
    assert (found.points, found.movement[0].before) == ([], None)
    assert habits(tmp_path / "events.parquet", FACTS, FIRST).features.shape == (0, 8)
    assert np.isfinite(found.centres[0].features["recency_days"])
