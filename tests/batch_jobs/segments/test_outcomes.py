"""Losses and money of a period against a loop over the rows."""

from datetime import date, timedelta
from typing import Any

import ibis
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.segments.features import features_of_users
from batch_jobs.segments.outcomes import outcomes_since
from domain.settings import ChurnDefinition, FactSettings
from tests.batch_jobs.rows import Day, active, midnight, noon, star_of

FIRST = date(2024, 1, 1)
LIMIT = 10
DEFINITIONS: tuple[ChurnDefinition, ...] = ("inactivity", "cancellation", "either")


def slowly(rows: list[Day], since: date, churn: ChurnDefinition) -> dict[str, int]:
    counts = dict.fromkeys(("users", "known", "lost", "revenue", "revenue_before"), 0)
    for user in {row["user"] for row in rows if row["day"] < since}:
        own = [row for row in rows if row["user"] == user]
        after = [row for row in own if row["day"] >= since]
        before = [row for row in own if since - timedelta(LIMIT) <= row["day"] < since]
        cancelled = [row["cancelled"] for row in own if row["day"] < since and row.get("cancelled")]
        signed = [row["signup"] for row in own if row["day"] < since and row.get("signup")]
        standing = bool(cancelled) and not (signed and max(signed) > max(cancelled))
        silent = not any(row["activities"] for row in after)
        left = any(row.get("cancelled") for row in after)
        known = any(row["activities"] for row in before) and (churn == "inactivity" or not standing)
        lost = {"inactivity": silent, "cancellation": left, "either": silent or left}[churn]
        counts["users"] += 1
        counts["known"] += known
        counts["lost"] += known and lost
        counts["revenue"] += sum(row["spent"] + row["renewed"] - row["refunded"] for row in after)
        counts["revenue_before"] += sum(row["spent"] + row["renewed"] - row["refunded"] for row in before)
    return counts


@st.composite
def histories(draw: st.DrawFn) -> list[Day]:
    rows = []
    for user in "abcdef":
        for offset in draw(st.lists(st.integers(0, 39), unique=True, max_size=6)):
            day = FIRST + timedelta(offset)
            columns: dict[str, Any] = {n: draw(st.integers(0, 99)) for n in ("spent", "renewed", "refunded")}
            what = draw(st.sampled_from(["", "", "", "cancelled", "signup"]))
            if what:
                columns[what] = noon(day)
            rows.append(active(user, day, **columns, activities=draw(st.integers(0, 1))))
    return rows


@settings(max_examples=12, deadline=None)
@given(histories(), st.integers(1, 39), st.sampled_from(DEFINITIONS))
def test_counts_are_those_of_a_loop(rows: list[Day], offset: int, churn: ChurnDefinition) -> None:
    since = FIRST + timedelta(offset)
    facts = FactSettings(churn=churn, inactivity_ms=LIMIT * 86_400_000)
    star = star_of(rows, since + timedelta(LIMIT), settings=facts)
    users = features_of_users(star, midnight(since)).mutate(group=ibis.literal("all"))
    found = outcomes_since(star, users, midnight(since)).to_pyarrow().to_pylist()
    expected = slowly([row for row in rows if row["day"] < star.as_of.date()], since, churn)
    assert found == ([{"group": "all", **expected}] if expected["users"] else [])
