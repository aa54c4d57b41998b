"""What the report says, part by part; a job without a result has no part."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure

from batch_jobs.overview.overview import UNKNOWN
from batch_jobs.reports.heatmap import Cohort, heatmap
from batch_jobs.results.shown import cohorts
from batch_jobs.segments.picture import map_of_segments
from batch_jobs.survival.picture import picture
from batch_jobs.value.picture import forecast_of

Tables = Mapping[str, pa.Table]
Row = Mapping[str, Any]

_FIGURES: Final = {
    "users": "users known", "signups": "new users", "active": "active users", "churn_rate": "churn rate",
    "returned": "users who came back", "orders": "orders", "revenue": "revenue",
    "revenue_per_active_user": "revenue per active user",
}  # fmt: skip
_MOST_ROWS: Final = 8
_MINOR_UNITS: Final = 100
_BY: Final = "plan"
"""What curves are told apart by, where anybody has said it."""
_KEPT_DAYS: Final = 90


class Grid(NamedTuple):
    """A table."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Picture(NamedTuple):
    """An image."""

    name: str
    png: bytes
    words: str
    """What it shows, for who does not see it."""


class Section(NamedTuple):
    """One part of the report."""

    title: str
    words: list[str]
    grid: Grid | None = None
    picture: Picture | None = None
    of: date | None = None
    """As-of of its result, where that is another than the report's."""


def overview(tables: Tables) -> Iterator[Section]:
    """The figures, with those of the period before, and where churn is highest."""
    figures = {row["figure"]: row for row in tables["figures"].to_pylist()}
    rows = [
        (words, _figure(row["value"], row["unit"]), _figure(row["before"], row["unit"]), _change(row))
        for name, words in _FIGURES.items()
        if (row := figures.get(name)) is not None
    ]
    words = "The last period, as long as the silence that makes a loss, beside the one before it."
    yield Section("At a glance", [words], Grid(("", "last period", "the one before", "change"), rows))
    churn = [row for row in tables["churn"].to_pylist() if row["dimension"] != "all" and row["users"]]
    churn = _told(churn, "dimension", "value")
    worst = sorted(churn, key=lambda row: (-row["lost"], row["dimension"], row["value"]))[:_MOST_ROWS]
    if worst:
        grid = Grid(
            ("", "users", "lost", "churn rate"),
            [
                (
                    f"{row['dimension']}: {row['value']}",
                    f"{row['users']:,}",
                    f"{row['lost']:,}",
                    _figure(row["rate"], "share"),
                )
                for row in worst
            ],
        )
        yield Section("Where most are lost", [], grid)


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
            _figure(kept.get((row["group_kind"], row["group"])), "share"),
        )
        for row in medians[:_MOST_ROWS]
    ]
    if rows:
        grid = Grid(("", "users", "lost", "median days kept", f"kept {_KEPT_DAYS} days"), rows)
        words = "Share of the users still there, by day after their first, with 95 % limits and the users at risk."
        kinds = {row["group_kind"] for row in medians}
        shown = Picture("survival.png", png(picture(curves, _BY if _BY in kinds else "all")), words)
        yield Section("When users are lost", [words], grid, shown)


def segments(tables: Tables) -> Iterator[Section]:
    """Sizes and what they pay, and the largest movements."""
    rows = sorted(tables["segments"].to_pylist(), key=lambda row: (-row["users"], row["segment"]))
    if rows:
        grid = Grid(
            ("", "users", "share", "revenue of 90 days"),
            [
                (
                    row["segment"],
                    f"{row['users']:,}",
                    _figure(row["share"], "share"),
                    _figure(row["revenue"] / 100, "money"),
                )
                for row in rows[:_MOST_ROWS]
            ],
        )
        words = "Each point is a user, each cross the middle of a kind; alike users lie close."
        shown = Picture("segments.png", png(map_of_segments(tables["points"], tables["axes"])), words)
        yield Section("Kinds of users", [words], grid, shown)
    moved = [
        row
        for row in tables["movement"].to_pylist()
        if row["from_segment"] is not None and row["to_segment"] not in (None, row["from_segment"])
    ]
    if moved:
        most = sorted(moved, key=lambda row: (-row["users"], row["from_segment"], row["to_segment"]))[
            :_MOST_ROWS
        ]
        since = most[0].get("since")
        words = f"Users whose kind has changed since {since}." if since else "Users whose kind has changed."
        rows_ = [(row["from_segment"], row["to_segment"], f"{row['users']:,}") for row in most]
        yield Section("Who has moved", [words], Grid(("from", "to", "users"), rows_))


def value(tables: Tables) -> Iterator[Section]:
    """The money that is at risk, and what is to come."""
    groups = [row for row in tables["revenue_at_risk"].to_pylist() if row["grouping"] in ("all", "segment")]
    if groups:
        rows = [
            (
                "everybody" if row["grouping"] == "all" else row["group"],
                f"{row['users']:,}",
                f"{row['known']:,}",
                *(_figure(row[name] / _MINOR_UNITS, "money") for name in ("value", "at_risk", "recoverable")),
            )
            for row in groups[:_MOST_ROWS]
        ]
        words = (
            "What users who are not lost are expected to pay within the horizon, and how much of that is in doubt; "
            "of those whose risk is known."
        )
        head = ("", "users", "risk known", "expected", "at risk", "recoverable")
        yield Section("Money at risk", [words], Grid(head, rows))
    if tables["forecast"].num_rows:
        words = (
            "Revenue of complete months; dashed, what is to come, with intervals of 80 and 95 % from past errors. A "
            "season that the history holds only once is not in it."
        )
        shown = Picture("forecast.png", png(forecast_of(tables["history"], tables["forecast"])), words)
        yield Section("What is to come", [words], None, shown)


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


def png(figure: Figure) -> bytes:
    """A figure as bytes, always the same ones."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150, metadata={"Software": None})
    return file.getvalue()


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


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:,.2f}" if unit == "money" else f"{value:,.0f}"


def _change(row: Mapping[str, Any]) -> str:
    now, before = row["value"], row["before"]
    if now is None or not before:
        return "–"
    return f"{now / before - 1:+.1%}".replace("%", " %")
