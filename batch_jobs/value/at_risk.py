"""Sums over customers: deciles of spend, revenue at risk, who moved between tiers."""

from typing import Any, Final

import ibis
from ibis.expr.types import BooleanColumn, FloatingColumn, FloatingScalar, Table

from batch_jobs.star.schema import DIMENSIONS

Rows = list[dict[str, Any]]
_MILLION: Final = 1_000_000
GROUPINGS: Final = ("all", "tier", "segment", *DIMENSIONS)
_TIERED: Final = ("segment", *DIMENSIONS)


def total(column: FloatingColumn, where: BooleanColumn | None = None) -> FloatingScalar:
    """Sum of numbers rounded to millionths: that of floats depends on the order in which an engine takes them."""
    return (column * _MILLION).round().cast("int64").sum(where=where).cast("float64") / _MILLION


def deciles(customers: Table) -> Rows:
    """Customers by tenths of their spend, the least first."""
    who = customers.filter(customers.customer)
    rows: Rows = (
        who.group_by("decile")
        .aggregate(
            users=who.count(), least=who.revenue.min(), most=who.revenue.max(), revenue=who.revenue.sum()
        )
        .order_by("decile")
        .to_pyarrow()
        .to_pylist()
    )
    whole = sum(row["revenue"] for row in rows)
    return [{**row, "share": row["revenue"] / whole if whole > 0 else None} for row in rows]


def revenue_at_risk(customers: Table) -> Rows:
    """Of users at risk, by grouping and group; nothing where no probability is known."""
    users = customers.filter(customers.at_risk).mutate(all=ibis.literal("all"))
    rows: Rows = []
    for grouping in GROUPINGS:
        here = users.filter(users[grouping].notnull())
        found = here.group_by(group=here[grouping]).aggregate(
            users=here.count(),
            known=here.probability.count(),
            value=total(here.expected, where=here.probability.notnull()),
            value_unknown=total(here.expected, where=here.probability.isnull()),
            at_risk=total(here.lost),
            recoverable=total(here.recoverable),
            worth_contacting=(here.gain > 0).cast("int64").sum(),
            gain=total(here.gain, where=here.gain > 0),
        )
        for row in found.order_by("group").to_pyarrow().to_pylist():
            if row["known"]:
                zero = {n: row[n] or 0 for n in ("value_unknown", "worth_contacting", "gain")}
                rows.append({"grouping": grouping, **row, **zero})
    return rows


def tiers(customers: Table) -> Rows:
    """Users at risk whose probability is known, by grouping, group and tier."""
    users = customers.filter(customers.at_risk & customers.tier.notnull())
    # one query of the users; there are few combinations
    counted = users.group_by(*_TIERED, "tier").aggregate(users=users.count()).to_pyarrow().to_pandas()
    counted["all"] = "all"
    rows: Rows = []
    for grouping in ("all", *_TIERED):
        found = counted.groupby([grouping, "tier"])["users"].sum()  # who is in no group is left out
        rows += [
            {"grouping": grouping, "group": group, "tier": tier, "users": int(count)}
            for (group, tier), count in found.items()
        ]
    return rows


def tier_moves(customers: Table) -> Rows:
    """Users at risk by the tier of the week before and of the last one."""
    here = customers.filter(customers.at_risk & customers.tier_before.notnull())
    found = here.group_by("tier_before", "tier").aggregate(
        users=here.count(), value=total(here.expected), at_risk=total(here.lost)
    )
    rows: Rows = found.order_by("tier_before", "tier").to_pyarrow().to_pylist()
    return rows


def early_warnings(customers: Table) -> Table:
    """Users at risk who moved from medium to high, the most money at risk first."""
    here = customers.filter(
        customers.at_risk & (customers.tier_before == "medium") & (customers.tier == "high")
    )
    return here.select(
        "user",
        "segment",
        "plan",
        "time_before",
        "probability_before",
        "time",
        "probability",
        "expected",
        "lost",
    ).order_by(ibis.desc("lost"), "user")
