"""What a job's tables say, as gauges. Labels are bounded, and sort as texts: days and periods are padded with zeros.

What cannot be said is left out, never zero. Money is in units of the currency, ratios are between 0 and 1.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
GRAIN: Final = "week"
KIND: Final = "classic"
VIEW: Final = "passage"
ALL: Final = "all"


def overview(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `overview`."""
    figures = tables["figures"].to_pylist()
    yield _family(
        "ebbwatch_figure",
        "Figures of the last period (now) and of the one before it.",
        ("figure", "period"),
        (
            ((row["figure"], period), row[column])
            for row in figures
            for period, column in (("now", "value"), ("before", "before"))
        ),
    )
    churn = _first_of_each(tables["churn"].to_pylist(), "dimension")
    yield _family(
        "ebbwatch_churn_ratio",
        "Of the users who could be lost, the share that was.",
        ("dimension", "value"),
        (((row["dimension"], row["value"]), row["rate"]) for row in churn),
    )
    yield _family(
        "ebbwatch_churn_users",
        "Users who could be lost.",
        ("dimension", "value"),
        (((row["dimension"], row["value"]), row["users"]) for row in churn),
    )


def retention(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `retention`: weekly cohorts of everybody, and their weighted mean."""
    cells = _everybody(tables["retention"], kind=KIND)
    latest = sorted({row["cohort"] for row in cells})[-MOST_COHORTS:]
    yield _family(
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
    yield _family(
        "ebbwatch_cohort_size_users",
        "Members of a weekly cohort.",
        ("cohort",),
        (((row["cohort"].isoformat(),), row["size"]) for row in sizes if row["cohort"] in latest),
    )
    mean = _everybody(tables["retention_curve"], kind=KIND)
    yield _family(
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
    yield _family(
        "ebbwatch_km_survival",
        "Share of the users not lost so many days after their origin, with 95 % limits.",
        ("group_kind", "group", "day", "bound"),
        (
            ((row["group_kind"], row["group"], _day(row["day"]), bound), row[column])
            for row in rows
            for bound, column in bounds
        ),
    )
    yield _family(
        "ebbwatch_km_at_risk_users",
        "Users who were followed up to a day and not lost before it.",
        ("group_kind", "group", "day"),
        (((row["group_kind"], row["group"], _day(row["day"])), row["at_risk"]) for row in rows),
    )
    medians = [row for row in tables["medians"].to_pylist() if row["view"] == VIEW]
    yield _family(
        "ebbwatch_km_median_days",
        "Days until half are lost; absent where it has not come to that.",
        ("group_kind", "group"),
        (
            ((row["group_kind"], row["group"]), row["median"])
            for row in medians
            if (row["group_kind"], row["group"]) in kept
        ),
    )


def segments(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Of the job `segments`."""
    rows = sorted(tables["segments"].to_pylist(), key=lambda row: -row["users"])[:MOST_GROUPS]
    names = {row["segment"] for row in rows}
    yield _family(
        "ebbwatch_segment_users",
        "Users of a segment.",
        ("segment",),
        (((r["segment"],), r["users"]) for r in rows),
    )
    yield _family(
        "ebbwatch_segment_share_ratio",
        "Share of all users.",
        ("segment",),
        (((row["segment"],), row["share"]) for row in rows),
    )
    yield _family(
        "ebbwatch_segment_revenue",
        "What they paid in the last 90 days, in money.",
        ("segment",),
        (((row["segment"],), row["revenue"] / 100) for row in rows),
    )
    following = [row for row in tables["next_period"].to_pylist() if row["segment"] in names]
    yield _family(
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
    yield _family(
        "ebbwatch_segment_moved_users",
        "Users by segment of the run before and of this one; `none` for who was not there.",
        ("from", "to"),
        (((row["from_segment"] or "none", row["to_segment"] or "none"), row["users"]) for row in moved),
    )


FAMILIES: Final[Mapping[str, Callable[[Tables], Iterable[GaugeMetricFamily]]]] = {
    "overview": overview,
    "retention": retention,
    "survival": survival,
    "segments": segments,
}
"""By job."""


def _family(name: str, help_: str, labels: Sequence[str], rows: Rows) -> GaugeMetricFamily:
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
