"""Retention by going through users one by one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any, NamedTuple

from batch_jobs.cohorts.limits import Limits
from batch_jobs.star.schema import DIMENSIONS
from tests.batch_jobs.cohorts.lives import Life, day_of

WIDTH = {"day": 1, "week": 7, "month": 30}


class Member(NamedTuple):
    life: Life
    origin: int
    labels: tuple[str, ...]


def first_of(grain: str, day: date) -> date:
    if grain == "day":
        return day
    return day - timedelta(days=day.weekday()) if grain == "week" else day.replace(day=1)


def next_of(grain: str, first: date) -> date:
    if grain == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=WIDTH[grain])


def members_of(lives: Sequence[Life], as_of: int, inactivity: int) -> tuple[list[Member], dict[str, int]]:
    known = [(life, life.origin(as_of)) for life in lives]
    events = [d for life in lives for d in (*life.days, *([life.signup] if life.signup is not None else []))]
    begins = min((d for d in events if d < as_of), default=0)
    counts = {"signed_up": 0, "first_seen": 0, "prevalent": 0}
    found = []
    for life, origin in known:
        if origin is None:
            continue
        if life.signed_up(as_of):
            kind = "signed_up"
        elif origin - begins < inactivity:  # everything happens at the same hour
            kind = "prevalent"
        else:
            kind = "first_seen"
        counts[kind] += 1
        if kind != "prevalent":
            found.append(Member(life, origin, tuple(v or "unknown" for v in life.at_origin())))
    return found, counts


def best(lives: Sequence[Life], as_of: int, place: int, limit: int) -> list[str]:
    counted: dict[str, int] = defaultdict(int)
    for life in lives:
        value = life.at_origin()[place]
        if life.origin(as_of) is not None and value:
            counted[value] += 1
    return sorted(counted, key=lambda v: (-counted[v], v))[:limit]


def slices(
    lives: Sequence[Life], as_of: int, limits: Limits
) -> Callable[[Member], Iterable[tuple[str, ...]]]:
    top = [best(lives, as_of, n, limits.values) for n in range(len(DIMENSIONS))]

    def of(member: Member) -> Iterable[tuple[str, ...]]:
        fine, coarse = [], []
        for value, told in zip(member.labels, top, strict=True):
            fine.append(value if value == "unknown" or value in told else "other")
            paired = told[: limits.paired]
            coarse.append(value if value == "unknown" or value in paired else "other")
        yield ("all", "all", "", "")
        for name, value in zip(DIMENSIONS, fine, strict=True):
            yield (name, value, "", "")
        for a, b in combinations(range(len(DIMENSIONS)), 2):
            yield (DIMENSIONS[a], coarse[a], DIMENSIONS[b], coarse[b])

    return of


def tables(lives: Sequence[Life], as_of: int, inactivity: int, limits: Limits) -> dict[str, Any]:
    """`retention`, `money_retention` and `cohorts` as dictionaries."""
    found, counts = members_of(lives, as_of, inactivity)
    of = slices(lives, as_of, limits)
    retention, money, sizes = {}, {}, {}
    for grain, limit in limits.grains.items():
        groups: dict[tuple[Any, ...], list[Member]] = defaultdict(list)
        for member in found:
            for piece in of(member):
                groups[(piece, first_of(grain, day_of(member.origin)))].append(member)
        latest = [first_of(grain, day_of(as_of - 1))]
        while len(latest) < limit.cohorts:
            latest.append(first_of(grain, latest[-1] - timedelta(days=1)))
        for (piece, cohort), users in groups.items():
            kind = 0 if piece[0] == "all" else 2 if piece[2] else 1
            if kind > limit.some or cohort not in latest[: limit.sliced if kind else None]:
                continue
            everybody = groups[(("all", "all", "", ""), cohort)]
            newest = max(m.origin for m in everybody)
            sizes[(grain, *piece, cohort)] = (day_of(newest), len(users))
            if next_of(grain, cohort) > day_of(as_of):
                continue
            width = WIDTH[grain]
            for n in range(limit.periods + 1):
                if kind > limit.whole and n not in limit.marked:
                    continue
                if newest + (n + 1) * width <= as_of:
                    there = sum(
                        any(
                            m.origin + n * width <= d < m.origin + (n + 1) * width
                            for d in m.life.active(as_of)
                        )
                        for m in users
                    )
                    retention[(grain, "classic", *piece, cohort, n)] = (len(users), there)
                    paid = _money(users, n, width, as_of)
                    if grain != "day" and paid[0]:
                        money[(grain, *piece, cohort, n)] = paid
                if newest + (n + 1) * width + inactivity <= as_of:
                    later = sum(any(d >= m.origin + n * width for d in m.life.active(as_of)) for m in users)
                    retention[(grain, "unbounded", *piece, cohort, n)] = (len(users), later)
    return {"retention": retention, "money_retention": money, "cohorts": sizes, "members": counts}


def _money(users: list[Member], n: int, width: int, as_of: int) -> tuple[int, ...]:
    def revenue(m: Member, k: int) -> int:
        days = range(m.origin + k * width, m.origin + (k + 1) * width)
        return sum(m.life.days[d].revenue for d in days if d in m.life.days and d < as_of)

    pairs = [(revenue(m, 0), revenue(m, n)) for m in users if revenue(m, 0) > 0]
    return (
        len(pairs),
        sum(first for first, _ in pairs),
        sum(now > 0 for _, now in pairs),
        sum(now for _, now in pairs),
        sum(min(first, now) for first, now in pairs),
    )


def curve(cells: dict[tuple[Any, ...], tuple[int, ...]]) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Sums over the cohorts; the cohort is the last but one of a key."""
    found: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for cell, values in cells.items():
        where = (*cell[:-2], cell[-1])
        before = found.get(where, (0,) * (len(values) + 1))
        found[where] = tuple(a + b for a, b in zip(before, (1, *values), strict=True))
    return found
