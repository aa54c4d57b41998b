"""What the report says, part by part; a job without a result has no part."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa
from matplotlib.figure import Figure

from batch_jobs.reports.heatmap import Cohort, heatmap
from batch_jobs.results.shown import cohorts
from batch_jobs.segments.picture import map_of_segments
from batch_jobs.survival.picture import picture

Tables = Mapping[str, pa.Table]

_FIGURES: Final = {
    "users": "users known", "signups": "new users", "active": "active users", "churn_rate": "churn rate",
    "returned": "users who came back", "orders": "orders", "revenue": "revenue",
    "revenue_per_active_user": "revenue per active user",
}  # fmt: skip
_MOST_ROWS: Final = 8
_BY: Final = "plan"
"""What curves are told apart by."""


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
    yield Section("At a glance", [], Grid(("", "last period", "the one before", "change"), rows))
    churn = [row for row in tables["churn"].to_pylist() if row["dimension"] != "all" and row["users"]]
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
    """Medians by group."""
    medians = [row for row in tables["medians"].to_pylist() if row["view"] == "passage"]
    rows = [
        (
            "everybody" if row["group_kind"] == "all" else f"{row['group_kind']}: {row['group']}",
            f"{row['users']:,}",
            f"{row['events']:,}",
            "not reached" if row["median"] is None else f"{row['median']:,}",
        )
        for row in medians[:_MOST_ROWS]
    ]
    if rows:
        grid = Grid(("", "users", "lost", "median days kept"), rows)
        words = "Share of the users still there, by day after their first, with 95 % limits and the users at risk."
        kinds = set(tables["curves"]["group_kind"].to_pylist())
        shown = Picture("survival.png", png(picture(tables["curves"], _BY if _BY in kinds else "all")), words)
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


SECTIONS: Final[Mapping[str, Callable[[Tables], Iterator[Section]]]] = {
    "overview": overview,
    "retention": retention,
    "survival": survival,
    "segments": segments,
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
