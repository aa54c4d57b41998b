"""Money by group: average revenue of users by calendar month, and lifetime values."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from ibis.expr.types import Table

from batch_jobs.value.lifetime import Counts, lifetime
from batch_jobs.value.people import BUCKETS, GROUPINGS, month_text
from batch_jobs.value.sums import Sums

Rows = list[dict[str, Any]]
MOST_GROUPS: Final = 100
"""Of a grouping, the largest ones; of cohorts all."""


def arpu(sums: Sums) -> Rows:
    """Average revenue per user by grouping, group and month."""
    rows: Rows = []
    for grouping in GROUPINGS:
        known = set(_largest(sums.people, grouping))
        table = sums.months.filter(sums.months[grouping].notnull())
        counted = table.group_by(group=table[grouping], month=table.month).aggregate(
            revenue=table.net.sum(), active=table.active.sum(), paying=table.paying.sum()
        )
        for row in counted.order_by("group", "month").to_pyarrow().to_pylist():
            if row["group"] in known:
                rows.append(
                    {
                        **row,
                        "grouping": grouping,
                        "group": name_of(grouping, row["group"]),
                        "month": month_text(row["month"]),
                        "arpu": row["revenue"] / row["active"] if row["active"] else None,
                        "arppu": row["revenue"] / row["paying"] if row["paying"] else None,
                    }
                )
    return rows


def lifetimes(sums: Sums, least: int, share: float, rate: float) -> Rows:
    """Lifetime values by grouping, group and months since the origin; arguments as of `lifetime`.

    Of users whose origin is known: who was there before the log is older than can be seen, and has been chosen by
    having stayed. Such users would stand alone in the last months, which only they were followed for.
    """
    rows: Rows = []
    for grouping in GROUPINGS:
        for group, members, net in _cells(sums, grouping):
            found = lifetime(members, net, least, share, rate)
            if found is None:
                continue
            for month in range(len(found.value)):
                rows.append(
                    {
                        "grouping": grouping,
                        "group": name_of(grouping, group),
                        "months": month + 1,
                        "members": found.members,
                        "followed": int(found.followed[month]),
                        "margin": float(found.margin[month]),
                        "plain": float(found.plain[month]),
                        "value": float(found.value[month]),
                        "low": float(found.low[month]),
                        "high": float(found.high[month]),
                        "extrapolated": month >= found.ripe,
                    }
                )
    return rows


def _cells(sums: Sums, grouping: str) -> Iterator[tuple[Any, Counts, Counts]]:
    """Members and money of each group, as `lifetime` wants them."""
    who, sold = sums.people.filter(~sums.people.prevalent), sums.sold.filter(~sums.sold.prevalent)
    groups = _largest(who, grouping)
    places = {group: place for place, group in enumerate(groups)}
    counted = (
        who.group_by(group=who[grouping], bucket=who.bucket, months=who.followed)
        .aggregate(count=who.count())
        .to_pyarrow()
        .to_pydict()
    )
    ripe = sold.filter(sold.age < sold.followed)
    earned = (
        ripe.group_by(group=ripe[grouping], bucket=ripe.bucket, months=ripe.age)
        .aggregate(count=ripe.net.sum())
        .to_pyarrow()
        .to_pydict()
    )
    most = max(counted["months"], default=0)
    members = _cube(counted, places, most + 1)
    net = _cube(earned, places, most)
    for group, place in places.items():
        yield group, members[place], net[place]


def _cube(cells: dict[str, list[Any]], places: dict[Any, int], months: int) -> Counts:
    """Cells by group, bucket and month."""
    cube = np.zeros((len(places), BUCKETS, months), np.int64)
    for group, bucket, month, count in zip(
        cells["group"], cells["bucket"], cells["months"], cells["count"], strict=True
    ):
        if group in places:
            cube[places[group], bucket, month] = count
    return cube


def name_of(grouping: str, group: Any) -> str:
    """What people read; cohorts go by their number until then."""
    return month_text(group) if grouping == "cohort" else str(group)


def _largest(people: Table, grouping: str) -> list[Any]:
    """Groups in the order of their names."""
    table = people.filter(people[grouping].notnull())
    sizes = table.group_by(group=table[grouping]).aggregate(users=table.count())
    rows = sizes.to_pyarrow().to_pylist()
    if grouping != "cohort":
        rows = sorted(rows, key=lambda row: (-row["users"], row["group"]))[:MOST_GROUPS]
    return sorted(row["group"] for row in rows)
