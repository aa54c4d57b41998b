"""What the report says of segments: who is of which kind, and who has moved."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from batch_jobs.reports.section import MOST_ROWS, Grid, Picture, Section, png, written
from batch_jobs.segments.picture import map_of_segments, movement_of_segments

_MINOR_UNITS = 100


def segments(tables: Mapping[str, pa.Table]) -> Iterator[Section]:
    """Sizes and what they pay, and the largest movements; nothing where there is no user."""
    rows = sorted(tables["segments"].to_pylist(), key=lambda row: (-row["users"], row["segment"]))
    if not rows:
        return
    grid = Grid(
        ("", "users", "share", "revenue of 90 days"),
        [
            (
                row["segment"],
                f"{row['users']:,}",
                written(row["share"], "share"),
                written(row["revenue"] / _MINOR_UNITS, "money"),
            )
            for row in rows[:MOST_ROWS]
        ],
    )
    words = "Each point is a user, each cross the middle of a kind; alike users lie close."
    shown = Picture("segments.png", png(map_of_segments(tables["points"], tables["axes"])), words)
    yield Section("Kinds of users", [words], grid, shown)
    yield _moved(tables["movement"])


def _moved(movement: pa.Table) -> Section:
    title = "Who has moved"
    rows = movement.to_pylist()
    if not rows:
        return Section(title, ["Not to be told yet: there is no run of an earlier day to compare with."])
    since = f"since {rows[0]['since']}"
    shown = Picture(
        "movement.png",
        png(movement_of_segments(movement)),
        f"A row a kind {since}, a column a kind of now: how many users, and what share of the row.",
    )
    moved = [row for row in rows if row["from_segment"] is not None and _elsewhere(row)]
    if not moved:
        return Section(title, [f"Nobody's kind has changed {since}.", shown.words], None, shown)
    most = sorted(moved, key=lambda row: (-row["users"], row["from_segment"], row["to_segment"]))
    grid = Grid(
        ("from", "to", "users"),
        [(row["from_segment"], row["to_segment"], f"{row['users']:,}") for row in most[:MOST_ROWS]],
    )
    return Section(title, [f"Users whose kind has changed {since}.", shown.words], grid, shown)


def _elsewhere(row: Mapping[str, Any]) -> bool:
    return row["to_segment"] not in (None, row["from_segment"])
