"""What the job `engagement` says of past days and weeks.

A result tells a whole course at once, and a replayed year passes in minutes, so the past is a label and not a moment
of Prometheus: `ago`, days or weeks before the last one that is told, padded with zeros so that it sorts as text.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from prometheus_client.core import GaugeMetricFamily

from batch_jobs.exporter.gauges import ALL, GRAIN, MOST_GROUPS, Tables, family

MOST_DAYS: Final = 90
MOST_WEEKS: Final = 26
MOST_CHURN_WEEKS: Final = 53
"""The job tells no more."""
DIMENSIONS: Final = ("platform", "channel", "plan")
"""Told apart in the past; of now, all are."""
WINDOWS: Final = (("day", "dau"), ("week", "wau"), ("month", "mau"))


def activity(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Users of each of the last days: of everybody by all windows, of dimensions by the week."""
    table = _singles(tables["activity"])
    last = pc.max(table["day"]).as_py()
    rows = [] if last is None else _since(table, "day", last, MOST_DAYS, 1)
    kept = _largest(rows, "dau")
    yield family(
        "ebbwatch_engagement_daily_active_users",
        "Distinct users of a day, and of the 7 and 30 days that end with it, by days before the last.",
        ("dimension", "value", "window", "ago"),
        (
            ((row["dimension"], row["value"], window, _ago(last, row["day"], 1)), row[column])
            for row in rows
            if (row["dimension"], row["value"]) in kept
            for window, column in WINDOWS
            if row["dimension"] == ALL or window == "week"
        ),
    )


def lifecycle(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Growth accounting of everybody by week."""
    table = _weekly(_everybody(tables["lifecycle"]))
    yield family(
        "ebbwatch_engagement_lifecycle_users",
        "Users of a week that are new, kept, resurrected or dormant, by weeks before the last complete one.",
        ("state", "ago"),
        (
            ((state, ago), row[state])
            for ago, row in _told(table)
            for state in ("new", "kept", "resurrected", "dormant")
        ),
    )


def features(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Use of the features that were used most in the last weeks."""
    rows = list(_told(_weekly(tables["features"])))
    total: dict[str, int] = {}
    for _, row in rows:
        total[row["feature"]] = total.get(row["feature"], 0) + row["users"]
    kept = set(sorted(total, key=lambda name: (-total[name], name))[:MOST_GROUPS])
    for name, meaning, column in (
        ("ebbwatch_engagement_feature_users", "Users of a feature in a week.", "users"),
        (
            "ebbwatch_engagement_feature_adoption_ratio",
            "Of the users active in a week, those of a feature.",
            "adoption",
        ),
    ):
        yield family(
            name,
            f"{meaning} By weeks before the last complete one.",
            ("feature", "ago"),
            (((row["feature"], ago), row[column]) for ago, row in rows if row["feature"] in kept),
        )


def conversion(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Conversion of the active users by week."""
    yield family(
        "ebbwatch_engagement_conversion_ratio",
        "Of the users active in a week, those with a conversion. By weeks before the last complete one.",
        ("ago",),
        (((ago,), row["conversion"]) for ago, row in _told(_weekly(tables["conversion"]))),
    )


def funnel(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """Users of all weekly cohorts together by how far they have come."""
    table = _everybody(tables["funnel"])
    rows = table.filter(pc.equal(table["grain"], GRAIN)).to_pylist()
    yield family(
        "ebbwatch_engagement_funnel_users",
        "Users who came since the log began, and who of them was active, began a trial, paid.",
        ("stage",),
        (
            ((stage,), sum(row[stage] for row in rows) if rows else None)
            for stage in ("users", "active", "trials", "paid")
        ),
    )


def churn(tables: Tables) -> Iterator[GaugeMetricFamily]:
    """The churn rate by silence on the Mondays before the as-of: of everybody with its limits, and by dimension."""
    table = _singles(tables["churn"])
    table = table.filter(pc.equal(table["definition"], "inactivity"))
    mondays = table.filter(pc.equal(pc.day_of_week(table["at"]), 0))
    last = pc.max(mondays["at"]).as_py()
    rows = [] if last is None else _since(mondays, "at", last, MOST_CHURN_WEEKS, 7)
    kept = _largest(rows, "users")
    yield family(
        "ebbwatch_churn_weekly_ratio",
        "Of the users who could be lost up to a Monday, the share that was, by weeks before the last Monday.",
        ("dimension", "value", "bound", "ago"),
        (
            ((row["dimension"], row["value"], bound, _ago(last, row["at"], 7)), row[column])
            for row in rows
            if (row["dimension"], row["value"]) in kept
            for bound, column in (("estimate", "rate"), ("lower", "low"), ("upper", "high"))
            if row["dimension"] == ALL or bound == "estimate"
        ),
    )


def _singles(table: pa.Table) -> pa.Table:
    """Everybody and single dimensions, without pairs."""
    kept = pc.is_in(table["dimension"], pa.array([ALL, *DIMENSIONS]))
    return table.filter(pc.and_(kept, pc.equal(table["second"], "")))


def _everybody(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["dimension"], ALL))


def _weekly(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["grain"], GRAIN))


def _told(table: pa.Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of the last weeks with their `ago`."""
    last = pc.max(table["start"]).as_py()
    for row in [] if last is None else _since(table, "start", last, MOST_WEEKS, 7):
        yield _ago(last, row["start"], 7), row


def _since(table: pa.Table, column: str, last: date, most: int, days: int) -> list[dict[str, Any]]:
    """Rows of the last `most` steps of so many days."""
    first = date.fromordinal(last.toordinal() - (most - 1) * days)
    rows: list[dict[str, Any]] = table.filter(
        pc.greater_equal(table[column], pa.scalar(first, pa.date32()))
    ).to_pylist()
    return rows


def _largest(rows: Iterable[dict[str, Any]], by: str) -> set[tuple[str, str]]:
    """Values of each dimension with the most over all rows."""
    total: dict[tuple[str, str], int] = {}
    for row in rows:
        name = (row["dimension"], row["value"])
        total[name] = total.get(name, 0) + row[by]
    kept: set[tuple[str, str]] = set()
    for dimension in {dimension for dimension, _ in total}:
        own = sorted((n for n in total if n[0] == dimension), key=lambda name: (-total[name], name))
        kept.update(own[:MOST_GROUPS])
    return kept


def _ago(last: date, day: date, days: int) -> str:
    return f"{(last - day).days // days:03d}"
