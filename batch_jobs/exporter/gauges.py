"""What a job's tables say, as gauges. Labels are bounded, and sort as texts: days and periods are padded with zeros.

What cannot be said is left out, never zero. Money is in units of the currency, ratios are between 0 and 1.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from prometheus_client.core import GaugeMetricFamily

Tables = Mapping[str, pa.Table]
Rows = Iterable[tuple[Sequence[str], float | None]]

MOST_GROUPS: Final = 10
"""Values of a dimension, segments and the like; those with the most users."""
MOST_DAYS: Final = 122
"""Points of a survival curve; a longer one is thinned evenly, its first and last day stay."""
MOST_COHORTS: Final = 26
"""The latest ones."""
MOST_PERIODS: Final = 53
UNITS: Final = {
    "users": "Users",
    "sessions": "Sessions",
    "orders": "Orders",
    "money": "Money, in units of the currency,",
    "share": "Shares",
}
"""Of the figures of the overview."""
_DAY_S: Final = 86_400
GRAIN: Final = "week"
KIND: Final = "classic"
VIEW: Final = "passage"
ALL: Final = "all"


def overview(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `overview`."""
    figures = tables["figures"].to_pylist()
    for unit, meaning in UNITS.items():
        yield family(
            f"ebbwatch_overview_{'ratio' if unit == 'share' else unit}",
            f"{meaning} of the last period (now) and of the one before it, as long as `inactivity_days`.",
            ("figure", "period"),
            (
                ((row["figure"], period), row[column])
                for row in figures
                if row["unit"] == unit
                for period, column in (("now", "value"), ("before", "before"))
            ),
        )
    churn = _first_of_each(tables["churn"].to_pylist(), "dimension")
    yield family(
        "ebbwatch_churn_ratio",
        "Of the users who could be lost, the share that was.",
        ("dimension", "value"),
        (((row["dimension"], row["value"]), row["rate"]) for row in churn),
    )
    yield family(
        "ebbwatch_churn_users",
        "Users who could be lost.",
        ("dimension", "value"),
        (((row["dimension"], row["value"]), row["users"]) for row in churn),
    )


def retention(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `retention`: weekly cohorts of everybody, and their weighted mean."""
    cells = _everybody(tables["retention"], kind=KIND)
    latest = sorted({row["cohort"] for row in cells})[-MOST_COHORTS:]
    yield family(
        "ebbwatch_cohort_retention_ratio",
        "Of a weekly cohort, the share active in a later week; weeks that are not over are absent.",
        ("cohort", "period"),
        (
            ((row["cohort"].isoformat(), _week(row["period"])), row["ratio"])
            for row in cells
            if row["cohort"] in latest and row["period"] < MOST_PERIODS
        ),
    )
    sizes = _everybody(tables["cohorts"])
    yield family(
        "ebbwatch_cohort_size_users",
        "Members of a weekly cohort.",
        ("cohort",),
        (((row["cohort"].isoformat(),), row["size"]) for row in sizes if row["cohort"] in latest),
    )
    mean = _everybody(tables["retention_curve"], kind=KIND)
    yield family(
        "ebbwatch_cohort_retention_weighted_mean_ratio",
        "The same over all weekly cohorts that are old enough, weighted by their size.",
        ("period",),
        (((_week(row["period"]),), row["ratio"]) for row in mean if row["period"] < MOST_PERIODS),
    )


def survival(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `survival`: Kaplan-Meier by churn time."""
    curves = tables["curves"]
    kept = _groups(tables["medians"])
    curves = curves.filter(pc.equal(curves["view"], VIEW))
    rows = [
        row for row in curves.to_pylist() if (row["group_kind"], row["group"]) in kept and row["day"] < 1000
    ]
    days = _thinned(sorted({row["day"] for row in rows}))
    rows = [row for row in rows if row["day"] in days]
    bounds = (("estimate", "survival"), ("lower", "lower"), ("upper", "upper"))
    yield family(
        "ebbwatch_survival_ratio",
        "Share of the users not lost so many days after their origin, with 95 % limits.",
        ("group_kind", "group", "day", "bound"),
        (
            ((row["group_kind"], row["group"], _day(row["day"]), bound), row[column])
            for row in rows
            for bound, column in bounds
        ),
    )
    yield family(
        "ebbwatch_survival_at_risk_users",
        "Users who were followed up to a day and not lost before it.",
        ("group_kind", "group", "day"),
        (((row["group_kind"], row["group"], _day(row["day"])), row["at_risk"]) for row in rows),
    )
    medians = [row for row in tables["medians"].to_pylist() if row["view"] == VIEW]
    yield family(
        "ebbwatch_survival_median_seconds",
        "Time until half are lost, whole days; absent where it has not come to that.",
        ("group_kind", "group"),
        (
            ((row["group_kind"], row["group"]), None if row["median"] is None else row["median"] * _DAY_S)
            for row in medians
            if (row["group_kind"], row["group"]) in kept
        ),
    )


def segments(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `segments`."""
    rows = sorted(tables["segments"].to_pylist(), key=lambda row: -row["users"])[:MOST_GROUPS]
    names = {row["segment"] for row in rows}
    yield family(
        "ebbwatch_segment_users",
        "Users of a segment.",
        ("segment",),
        (((r["segment"],), r["users"]) for r in rows),
    )
    yield family(
        "ebbwatch_segment_share_ratio",
        "Share of all users.",
        ("segment",),
        (((row["segment"],), row["share"]) for row in rows),
    )
    yield family(
        "ebbwatch_segment_revenue_money",
        "What they paid in the last 90 days, in money.",
        ("segment",),
        (((row["segment"],), row["revenue"] / 100) for row in rows),
    )
    following = [row for row in tables["next_period"].to_pylist() if row["segment"] in names]
    yield family(
        "ebbwatch_segment_churn_ratio",
        "Of those who were in a segment a period ago and could be lost, the share that was, with 95 % limits.",
        ("segment", "bound"),
        (
            ((row["segment"], bound), row[column])
            for row in following
            for bound, column in (("estimate", "churn"), ("lower", "low"), ("upper", "high"))
        ),
    )
    moved = [
        row
        for row in tables["movement"].to_pylist()
        if row["from_segment"] in names | {None} and row["to_segment"] in names | {None}
    ]
    yield family(
        "ebbwatch_segment_moved_users",
        "Users by segment of the run before and of this one; `none` for who was not there.",
        ("from", "to"),
        (((row["from_segment"] or "none", row["to_segment"] or "none"), row["users"]) for row in moved),
    )


def engagement(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `engagement`: the last day, of everybody and of each dimension's values."""
    activity = tables["activity"]
    last = pc.max(activity["day"])
    rows = activity.filter(pc.equal(activity["day"], last)).to_pylist() if activity.num_rows else []
    single = sorted((row for row in rows if not row["second"]), key=lambda row: -row["dau"])
    kept = _first_of_each(single, "dimension")
    windows = (("day", "dau"), ("week", "wau"), ("month", "mau"))
    yield family(
        "ebbwatch_engagement_active_users",
        "Distinct users of the last day, and of the 7 and 30 days that end with it.",
        ("dimension", "value", "window"),
        (
            ((row["dimension"], row["value"], window), row[column])
            for row in kept
            for window, column in windows
        ),
    )
    yield family(
        "ebbwatch_engagement_stickiness_ratio",
        "Users of the last day by those of the last 30.",
        ("dimension", "value"),
        (((row["dimension"], row["value"]), row["stickiness"]) for row in kept),
    )


def value(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `value`, by group."""
    at_risk = largest(tables["revenue_at_risk"].to_pylist(), "users")
    yield family(
        "ebbwatch_value_at_risk_money",
        "Expected revenue over the horizon, and what of it is at risk and could be recovered, in money.",
        ("grouping", "group", "part"),
        (
            ((row["grouping"], row["group"], part), row[column] / 100)
            for row in at_risk
            for part, column in (
                ("expected", "value"),
                ("at_risk", "at_risk"),
                ("recoverable", "recoverable"),
            )
        ),
    )
    yield family(
        "ebbwatch_value_at_risk_users",
        "Users at risk.",
        ("grouping", "group"),
        (((row["grouping"], row["group"]), row["users"]) for row in at_risk),
    )
    worth = largest(tables["ltv"].to_pylist(), "members")
    yield family(
        "ebbwatch_value_lifetime_money",
        "Cumulative margin of one user after so many months of 30 days, in money, with limits.",
        ("grouping", "group", "months", "bound"),
        (
            ((row["grouping"], row["group"], f"{row['months']:03d}", bound), row[column] / 100)
            for row in worth
            for bound, column in (("estimate", "value"), ("lower", "low"), ("upper", "high"))
        ),
    )
    months = tables["arpu"].to_pylist()
    last = max((row["month"] for row in months), default=None)
    yield family(
        "ebbwatch_value_per_active_user_money",
        "Of the last complete month, in money.",
        ("grouping", "group"),
        (
            ((row["grouping"], row["group"]), None if row["arpu"] is None else row["arpu"] / 100)
            for row in largest([row for row in months if row["month"] == last], "active")
        ),
    )


def family(name: str, help_: str, labels: Sequence[str], rows: Rows) -> GaugeMetricFamily:
    """A gauge of these rows, of which those without a figure are left out."""
    family = GaugeMetricFamily(name, help_, labels=labels)
    for values, figure in rows:
        if figure is not None:
            family.add_metric(list(values), float(figure))
    return family


def _everybody(table: pa.Table, **equal: str) -> list[dict[str, Any]]:
    """Rows of the exported grain, of everybody, with these values."""
    for name, value in {"grain": GRAIN, "dimension": ALL, **equal}.items():
        table = table.filter(pc.equal(table[name], value))  # before rows become objects: there may be many
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _groups(medians: pa.Table) -> set[tuple[str, str]]:
    """Groups of each kind with the most users."""
    rows = sorted((row for row in medians.to_pylist() if row["view"] == VIEW), key=lambda row: -row["users"])
    return {(row["group_kind"], row["group"]) for row in _first_of_each(rows, "group_kind")}


def largest(rows: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Rows of the groups with the most, of each grouping."""
    sizes: dict[tuple[str, str], int] = {}
    for row in rows:
        name = (row["grouping"], row["group"])
        sizes[name] = max(sizes.get(name, 0), row[by])
    ordered = sorted(sizes, key=lambda name: (name[0], -sizes[name], name[1]))
    kept = {
        (row["grouping"], row["group"])
        for row in _first_of_each(
            [{"grouping": grouping, "group": group} for grouping, group in ordered], "grouping"
        )
    }
    return [row for row in rows if (row["grouping"], row["group"]) in kept]


def _first_of_each(rows: Iterable[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """The first `MOST_GROUPS` of each value."""
    seen: dict[str, int] = {}
    kept = []
    for row in rows:
        seen[row[by]] = seen.get(row[by], 0) + 1
        if seen[row[by]] <= MOST_GROUPS:
            kept.append(row)
    return kept


def _thinned(days: Sequence[int]) -> set[int]:
    if len(days) <= MOST_DAYS:
        return set(days)
    step = (len(days) - 1) / (MOST_DAYS - 1)
    return {days[round(place * step)] for place in range(MOST_DAYS)}


def _day(day: int) -> str:
    return f"{day:03d}"


def _week(period: int) -> str:
    return f"W{period:02d}"
