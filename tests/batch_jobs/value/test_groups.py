"""Average revenue and lifetime values of groups against loops over the rows."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis.expr.types import Table

from batch_jobs.star.star import Star
from batch_jobs.value.groups import Cells, arpu, cells, lifetimes
from batch_jobs.value.months import by_month
from batch_jobs.value.people import month_text
from batch_jobs.value.sums import summed
from tests.batch_jobs.rows import Day, active, star_of

FIRST = date(2023, 11, 5)
Key = tuple[str, str]


def summed_of(rows: list[Day], as_of: date, folder: Path, segments: dict[str, str] | None = None) -> Cells:
    star = star_of(rows, as_of)
    table = None
    if segments is not None:
        table = ibis.memtable({"user": list(segments), "segment": list(segments.values())})
    folder.mkdir()
    return rolled_up(star, table, folder)


def rolled_up(star: Star, segments: Table | None, folder: Path) -> Cells:
    months = by_month(star, folder / "kept", None, star.as_of.date())
    return cells(summed(star, segments, months, folder))


def net(row: Day) -> int:
    return int(row.get("spent", 0) + row.get("renewed", 0) - row.get("refunded", 0))


def groups_of(rows: list[Day], as_of: date, segments: dict[str, str]) -> dict[str, list[Key]]:
    """Of each user; the plan and the channel are those of the first row that says one."""
    found: dict[str, list[Key]] = {}
    for user in {row["user"] for row in rows}:
        own = sorted((r for r in rows if r["user"] == user and r["day"] < as_of), key=lambda r: r["day"])
        if not own:
            continue
        found[user] = [("all", "all"), ("cohort", f"{own[0]['day']:%Y-%m}")]
        for name in ("channel", "plan"):
            said = [row[name] for row in own if row.get(name)]
            found[user] += [(name, said[0])] if said else []
        found[user] += [("segment", segments[user])] if user in segments else []
    return found


def slow_arpu(
    rows: list[Day], as_of: date, segments: dict[str, str]
) -> dict[tuple[str, str, str], list[int]]:
    found: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    by_month: dict[tuple[str, str], list[Day]] = defaultdict(list)
    for row in rows:
        if row["day"] < as_of.replace(day=1):
            by_month[row["user"], f"{row['day']:%Y-%m}"].append(row)
    groups = groups_of(rows, as_of, segments)
    for (user, month), own in by_month.items():
        for grouping, group in groups[user]:
            cell = found[grouping, group, month]
            cell[0] += sum(map(net, own))
            cell[1] += any(row["activities"] for row in own)
            cell[2] += sum(row.get("spent", 0) + row.get("renewed", 0) for row in own) > 0
    return found


def slow_margins(rows: list[Day], as_of: date, key: Key, segments: dict[str, str]) -> list[float]:
    """Mean money of each month of 30 days, over those followed to its end."""
    groups = groups_of(rows, as_of, segments)
    origins = {u: min(r["day"] for r in rows if r["user"] == u) for u, keys in groups.items() if key in keys}
    margins: list[float] = []
    while followed := [u for u, origin in origins.items() if (as_of - origin).days // 30 > len(margins)]:
        month = len(margins)
        money = sum(
            net(r)
            for r in rows
            if r["user"] in followed and (r["day"] - origins[r["user"]]).days // 30 == month
        )
        margins.append(money / len(followed))
    return margins


@st.composite
def histories(draw: st.DrawFn) -> list[Day]:
    rows = []
    for user in "abcde":
        traits = {name: draw(st.sampled_from([None, "x", "y"])) for name in ("channel", "plan")}
        for offset in draw(st.lists(st.integers(0, 120), unique=True, max_size=5)):
            money = {name: draw(st.integers(0, 300)) for name in ("spent", "renewed", "refunded")}
            row = active(user, FIRST + timedelta(offset), **money, **traits)
            rows.append(row | {"activities": draw(st.integers(0, 1))})
    return rows


@settings(max_examples=6, deadline=None)
@given(histories(), st.integers(1, 125))
def test_every_cell_is_what_loops_give(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Day], at: int
) -> None:
    as_of = FIRST + timedelta(at)
    segments = {"a": "Casual", "b": "Casual", "c": "Power Users"}
    sums = summed_of(rows, as_of, tmp_path_factory.mktemp("sums") / "x", segments)
    found = {
        (r["grouping"], r["group"], r["month"]): [r["revenue"], r["active"], r["paying"]] for r in arpu(sums)
    }
    assert found == slow_arpu(rows, as_of, segments)
    values: dict[Key, list[float]] = defaultdict(list)
    for row in lifetimes(sums, least=1, share=0.5, rate=0.0):
        if not row["extrapolated"]:
            values[row["grouping"], row["group"]].append(row["margin"])
    keys = {key for keys in groups_of(rows, as_of, segments).values() for key in keys}
    expected = {key: [0.5 * m for m in slow_margins(rows, as_of, key, segments)] for key in keys}
    assert values == {key: pytest.approx(margins) for key, margins in expected.items() if margins}


def test_money_of_a_month_that_is_not_over_counts_nowhere(tmp_path: Path) -> None:
    rows = [active("a", date(2024, 1, 1), spent=100), active("a", date(2024, 2, 1), spent=7)]
    sums = summed_of(rows, date(2024, 2, 20), tmp_path / "x")
    assert [(r["month"], r["revenue"]) for r in arpu(sums) if r["grouping"] == "all"] == [("2024-01", 100)]
    found: list[dict[str, Any]] = [r for r in lifetimes(sums, 1, 1.0, 0.0) if r["grouping"] == "all"]
    assert [(r["months"], r["margin"]) for r in found] == [(1, 100.0)]  # the second month ends on 1 March


def test_money_from_before_a_later_signup_is_of_no_month_since_it(tmp_path: Path) -> None:
    star = star_of(
        [active("a", FIRST, spent=900), active("a", FIRST + timedelta(10), spent=100)], FIRST + timedelta(50)
    )
    moved = star.users.mutate(origin=star.users.origin + ibis.interval(days=10))
    folder = tmp_path / "x"
    folder.mkdir()
    found = lifetimes(rolled_up(replace(star, users=moved), None, folder), 1, 1.0, 0.0)
    assert [(r["months"], r["margin"]) for r in found if r["grouping"] == "all"] == [(1, 100.0)]


def test_groups_with_few_members_have_no_lifetime_value(tmp_path: Path) -> None:
    rows = [active(f"u{n}", FIRST, channel="many" if n else "few") for n in range(21)]
    found = lifetimes(summed_of(rows, FIRST + timedelta(31), tmp_path / "x"), 20, 1.0, 0.1)
    assert {(row["grouping"], row["group"]) for row in found} == {
        ("all", "all"), ("cohort", "2023-11"), ("channel", "many"),
    }  # fmt: skip


def test_who_was_there_before_the_log_has_no_lifetime_value(tmp_path: Path) -> None:
    # 30 days of silence are a loss: who comes later than that is new, and so is who has signed up
    rows = [active("old", FIRST, spent=900), active("new", FIRST + timedelta(31), spent=100)]
    rows += [active("old", FIRST + timedelta(62), spent=900)]
    as_of = FIRST + timedelta(100)
    folders = iter(range(2))

    def members(*, signed_up: bool) -> dict[str, int]:
        folder = tmp_path / str(next(folders))
        folder.mkdir()
        sums = rolled_up(star_of(rows, as_of, signed_up=signed_up), None, folder)
        found = lifetimes(sums, 1, 1.0, 0.0)
        assert sum(row["revenue"] for row in arpu(sums) if row["grouping"] == "all") == 1_900
        return {row["group"]: row["members"] for row in found if row["months"] == 1}

    assert members(signed_up=True) == {"all": 2, "2023-11": 1, "2023-12": 1}
    assert members(signed_up=False) == {"all": 1, "2023-12": 1}


def test_months_as_text() -> None:
    assert [month_text(2024 * 12 + m) for m in (0, 11, 12)] == ["2024-01", "2024-12", "2025-01"]
