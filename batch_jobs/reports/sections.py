"""What the report says, part by part; a job without a result has no part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from batch_jobs.overview.overview import UNKNOWN
from batch_jobs.reports.heatmap import Cohort, heatmap
from batch_jobs.reports.kinds import segments
from batch_jobs.reports.money import value
from batch_jobs.reports.section import MOST_ROWS, Grid, Picture, Section, png, written
from batch_jobs.results.shown import cohorts
from batch_jobs.survival.picture import picture

Tables = Mapping[str, pa.Table]
Row = Mapping[str, Any]

_FIGURES: Final = {
    "users": "users known", "signups": "new users", "active": "active users", "churn_rate": "churn rate",
    "returned": "users who came back", "orders": "orders", "revenue": "revenue",
    "revenue_per_active_user": "revenue per active user",
}  # fmt: skip
_BY: Final = "plan"
"""What curves are told apart by, where anybody has said it."""
_KEPT_DAYS: Final = 90
_DAY: Final = timedelta(days=1)


def overview(tables: Tables) -> Iterator[Section]:
    """The figures, with those of the period before, and where churn is highest."""
    figures = {row["figure"]: row for row in tables["figures"].to_pylist()}
    words, heads = _periods(tables["figures"])
    rows = [
        (label, written(row["value"], row["unit"]), written(row["before"], row["unit"]), _change(row))
        for name, label in _FIGURES.items()
        if (row := figures.get(name)) is not None
    ]
    yield Section("At a glance", [words], Grid(("", *heads, "change"), rows))
    churn = [row for row in tables["churn"].to_pylist() if row["dimension"] != "all" and row["users"]]
    churn = _told(churn, "dimension", "value")
    worst = sorted(churn, key=lambda row: (-row["lost"], row["dimension"], row["value"]))[:MOST_ROWS]
    if worst:
        grid = Grid(
            ("", "users", "lost", "churn rate"),
            [
                (
                    f"{row['dimension']}: {row['value']}",
                    f"{row['users']:,}",
                    f"{row['lost']:,}",
                    written(row["rate"], "share"),
                )
                for row in worst
            ],
        )
        yield Section("Where most are lost", [f"In {heads[0]}, by what is known of users."], grid)


def retention(tables: Tables) -> Iterator[Section]:
    """The heatmap of weekly cohorts."""
    weekly = cohorts(tables["cohorts"], tables["retention"])["cohorts"]
    rows = [Cohort(row["cohort"].isoformat(), row["size"], dict(enumerate(row["periods"]))) for row in weekly]
    rows = [row for row in rows if row.ratios]
    if not rows:
        return
    words = (
        "Of the users who began in a week, the share that was active in each week since. Weeks that are not over are "
        "left white."
    )
    yield Section("Who stays", [words], None, Picture("retention.png", heatmap(rows), words))


def survival(tables: Tables) -> Iterator[Section]:
    """Medians by group, and the share that is kept; groups that are too small for it are left out."""
    curves = tables["curves"].filter(pc.invert(tables["curves"]["small"]))
    at_day = curves.filter(pc.and_(pc.equal(curves["view"], "passage"), pc.equal(curves["day"], _KEPT_DAYS)))
    kept = {(row["group_kind"], row["group"]): row["survival"] for row in at_day.to_pylist()}
    medians = [row for row in tables["medians"].to_pylist() if row["view"] == "passage" and not row["small"]]
    medians = _told(medians, "group_kind", "group")
    rows = [
        (
            "everybody" if row["group_kind"] == "all" else f"{row['group_kind']}: {row['group']}",
            f"{row['users']:,}",
            f"{row['events']:,}",
            "not reached" if row["median"] is None else f"{row['median']:,}",
            written(kept.get((row["group_kind"], row["group"])), "share"),
        )
        for row in medians[:MOST_ROWS]
    ]
    if rows:
        grid = Grid(("", "users", "lost", "median days kept", f"kept {_KEPT_DAYS} days"), rows)
        words = "Share of the users still there, by day after their first, with 95 % limits and the users at risk."
        kinds = {row["group_kind"] for row in medians}
        shown = Picture("survival.png", png(picture(curves, _BY if _BY in kinds else "all")), words)
        yield Section("When users are lost", [words], grid, shown)


def learners(tables: Tables) -> Iterator[Section]:
    """Refitted models beside what was served, and F1 beside that of flagging everybody."""
    rows = sorted(tables["learner_scores"].to_pylist(), key=lambda row: (row["log_loss"], row["model"]))
    if not rows:
        return
    figures = ("log_loss", "roc_auc", "f1", "f1_of_all", "score")
    grid = Grid(
        ("", "log loss", "AUC", "F1", "F1 of flagging everybody", "score"),
        [
            (row["model"], *("–" if row[name] is None else f"{row[name]:.3f}" for name in figures))
            for row in rows
        ],
    )
    words = (
        f"On the same {rows[0]['examples']:,} latest snapshots. The score is 0.4 F1 + 0.3 recall + 0.2 ROI + 0.1 "
        "stability, and decides nothing: who serves is decided by evidence on log loss."
    )
    yield Section("Refitted models", [words], grid)


SECTIONS: Final[Mapping[str, Callable[[Tables], Iterator[Section]]]] = {
    "overview": overview,
    "retention": retention,
    "survival": survival,
    "segments": segments,
    "value": value,
    "learners": learners,
}
"""By job, in the order of the report."""


def sections(found: Mapping[str, tuple[date, Tables]], as_of: date) -> Sequence[Section]:
    """All that can be said.

    Args:
        found: as-of and tables by job; jobs without a result are absent.
        as_of: of the report.
    """
    return [
        section if of == as_of else section._replace(of=of)
        for job, made in SECTIONS.items()
        if job in found
        for of, tables in (found[job],)
        for section in made(tables)
    ]


def _told(rows: Sequence[Row], kind: str, value: str) -> list[Row]:
    """Without the dimensions of which nothing is known: they would repeat everybody."""
    known = {row[kind] for row in rows if row[value] != UNKNOWN}
    return [row for row in rows if row[kind] in known]


def _periods(figures: pa.Table) -> tuple[str, tuple[str, str]]:
    """What the figures are of, in a sentence, and as heads of their columns."""
    if (
        not figures.num_rows or "since" not in figures.column_names
    ):  # as written by former editions of the job
        words = "The last period, as long as the silence that makes a loss, beside the one before it."
        return words, ("the last period", "the one before")
    since, until = figures["since"][0].as_py(), figures["until"][0].as_py()
    days = (until - since).days
    before = since - timedelta(days=days)
    words = (
        f"The {days} days from {since} to {until - _DAY}, beside the {days} days from {before} to {since - _DAY}. "
        f"Periods are as long as the silence that makes a loss, not as the week between two reports."
    )
    return words, (f"the last {days} days", f"the {days} before")


def _change(row: Mapping[str, Any]) -> str:
    now, before = row["value"], row["before"]
    if now is None or not before:
        return "–"
    return f"{now / before - 1:+.1%}".replace("%", " %")
