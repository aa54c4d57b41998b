"""Money by group: average revenue of users by calendar month, and lifetime values."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from batch_jobs.value.lifetime import Counts, lifetime
from batch_jobs.value.people import BUCKETS, GROUPINGS, month_text
from batch_jobs.value.sums import Sums

Rows = list[dict[str, Any]]
MOST_GROUPS: Final = 100
"""Of a grouping, the largest ones; of cohorts all."""


class Cells(NamedTuple):
    """Sums by grouping and group (`name_of` has its name), rolled up in one pass each."""

    people: pd.DataFrame
    """`grouping`, `group`, `prevalent`, `bucket`, `followed`: `count` users."""
    earned: pd.DataFrame
    """`grouping`, `group`, `bucket`, `age`: `net` of months followed to their end, without the prevalent."""
    months: pd.DataFrame
    """`month` and all of `GROUPINGS`: `net`, `active`, `paying`."""


def cells(sums: Sums) -> Cells:
    """What the engine has to roll up: three queries."""
    sold = sums.sold.filter(~sums.sold.prevalent & (sums.sold.age < sums.sold.followed))
    people, earned = (
        ibis.union(*(_by(table, grouping, keys, column) for grouping in GROUPINGS)).to_pyarrow().to_pandas()
        for table, keys, column in (
            (
                sums.people.mutate(count=ibis.literal(1, "int64")),
                ("prevalent", "bucket", "followed"),
                "count",
            ),
            (sold, ("bucket", "age"), "net"),
        )
    )
    return Cells(people, earned, sums.months.to_pyarrow().to_pandas())


def _by(table: Table, grouping: str, keys: Sequence[str], column: str) -> Table:
    known = table.filter(table[grouping].notnull())
    counted = (
        known.mutate(group=known[grouping].cast("string"))
        .group_by("group", *keys)
        .aggregate(**{column: known[column].sum().cast("int64")})
    )
    return counted.mutate(grouping=ibis.literal(grouping))


def arpu(found: Cells) -> Rows:
    """Average revenue per user by grouping, group and month."""
    rows: Rows = []
    for grouping in GROUPINGS:
        sums = found.months.groupby([grouping, "month"])[["net", "active", "paying"]].sum()
        known = set(_largest(found.people, grouping))
        for (group, month), (revenue, active, paying) in zip(
            sums.index, sums.to_numpy().tolist(), strict=True
        ):
            if str(group) in known:
                rows.append(
                    {
                        "grouping": grouping,
                        "group": name_of(grouping, group),
                        "month": month_text(month),
                        "revenue": revenue,
                        "active": active,
                        "paying": paying,
                        "arpu": revenue / active if active else None,
                        "arppu": revenue / paying if paying else None,
                    }
                )
    return rows


def lifetimes(found: Cells, least: int, share: float, rate: float) -> Rows:
    """Lifetime values by grouping, group and months since the origin; arguments as of `lifetime`.

    Of users whose origin is known: who was there before the log is older than can be seen, and has been chosen by
    having stayed. Such users would stand alone in the last months, which only they were followed for.
    """
    rows: Rows = []
    for grouping in GROUPINGS:
        for group, members, net in _cubes(found, grouping):
            of = lifetime(members, net, least, share, rate)
            if of is None:
                continue
            for month in range(len(of.value)):
                rows.append(
                    {
                        "grouping": grouping,
                        "group": name_of(grouping, group),
                        "months": month + 1,
                        "members": of.members,
                        "followed": int(of.followed[month]),
                        "margin": float(of.margin[month]),
                        "plain": float(of.plain[month]),
                        "value": float(of.value[month]),
                        "low": float(of.low[month]),
                        "high": float(of.high[month]),
                        "extrapolated": month >= of.ripe,
                    }
                )
    return rows


def _cubes(found: Cells, grouping: str) -> Iterator[tuple[str, Counts, Counts]]:
    """Members and money of each group, as `lifetime` wants them."""
    who = found.people[~found.people["prevalent"]]
    groups = _largest(who, grouping)
    own = [table[table["grouping"] == grouping] for table in (who, found.earned)]
    most = max(own[0]["followed"], default=0)
    members = _cube(own[0], groups, "followed", "count", most + 1)
    net = _cube(own[1], groups, "age", "net", most)
    yield from zip(groups, members, net, strict=True)


def _cube(own: pd.DataFrame, groups: Sequence[str], month: str, count: str, months: int) -> Counts:
    """Cells by group, bucket and month."""
    cube = np.zeros((len(groups), BUCKETS, months), np.int64)
    places = own["group"].map({group: place for place, group in enumerate(groups)})
    own, at = own[places.notna()], places[places.notna()].astype(np.int64)
    cube[at, own["bucket"], own[month]] = own[count]
    return cube


def name_of(grouping: str, group: Any) -> str:
    """What people read; cohorts go by their number until then."""
    return month_text(int(group)) if grouping == "cohort" else str(group)


def _largest(people: pd.DataFrame, grouping: str) -> list[str]:
    """Groups in the order of their names."""
    own = people[people["grouping"] == grouping]
    sizes = own.groupby("group")["count"].sum()
    groups = [str(group) for group in sizes.index]
    if grouping != "cohort":
        groups = sorted(groups, key=lambda group: (-sizes[group], group))[:MOST_GROUPS]
    return sorted(groups)
