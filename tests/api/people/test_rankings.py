"""Choosing and ordering columns agrees with choosing and sorting rows, one by one."""

from random import Random
from typing import Any

import numpy as np
import pytest

from api.people.rankings import Query, ordered
from api.people.roster import CODES, COLUMNS, TIERS
from domain.columns import code_of

PLANS = ("free", "pro", "")
FIELDS = {"risk": "score", "value": "value", "changed": "changed"}


def crowd(random: Random, users: int) -> list[dict[str, Any]]:
    return [
        {
            "score": random.choice((0.0, 0.25, 0.5, random.random())),
            "value": random.choice((0.0, random.random() * 100)),
            "changed": random.randrange(5),
            "hash": random.getrandbits(64),
            "tier": random.randrange(3),
            **{name: random.choice(PLANS) for name in CODES},
        }
        for _ in range(users)
    ]


def columns(rows: list[dict[str, Any]]) -> Any:
    code = {plan: code_of(plan) if plan else 0 for plan in PLANS}
    made = np.zeros(len(rows), COLUMNS)
    for place, row in enumerate(rows):
        for name in COLUMNS.names or ():
            made[place][name] = code[row[name]] if name in CODES else row[name]
    return made


def slowly(rows: list[dict[str, Any]], query: Query, members: set[int] | None) -> list[int]:
    """Row by row; places stand for ids."""
    chosen = [
        place
        for place, row in enumerate(rows)
        if (query.tier is None or TIERS[row["tier"]] == query.tier)
        and all(getattr(query, name) in (None, row[name]) for name in CODES)
        and (members is None or row["hash"] in members)
    ]
    return sorted(chosen, key=lambda place: (-rows[place][FIELDS[query.sort]], place))


@pytest.mark.parametrize("seed", range(40))
def test_any_query(seed: int) -> None:
    random = Random(seed)
    rows = crowd(random, random.choice((0, 1, 7, 300)))
    named = {name: random.choice(("free", "pro", None, None)) for name in CODES}
    query = Query(sort=random.choice(tuple(FIELDS)), tier=random.choice((None, *TIERS)), **named)
    members = random.choice((None, {row["hash"] for row in rows if random.random() < 0.5}))
    hashes = None if members is None else np.sort(np.array(list(members), np.uint64))
    assert ordered(columns(rows), query, hashes).tolist() == slowly(rows, query, members)


def test_a_plan_that_nobody_has_is_of_nobody() -> None:
    rows = crowd(Random(1), 50)
    assert ordered(columns(rows), Query(sort="risk", plan="none such"), None).tolist() == []
