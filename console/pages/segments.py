"""Kinds of customers: who is of which, what they are like, what became of them."""

import asyncio
from typing import Final

from console.calling.results import Found, read
from console.pages.elements import card, chart, columns, note, table
from console.pages.results import as_of, folded, pictured, said_why
from console.pages.visit import PageOf, Visit
from console.shown.segments import (
    centre_table,
    largest_first,
    movement_table,
    outcome_rows,
    outcomes,
    picture,
    score_rows,
    segment_rows,
)

_JOB: Final = "segments"


async def build(visit: Visit) -> None:
    """The page."""
    segments, points, axes, centres, scores, past, movement = await asyncio.gather(
        *(
            read(visit.caller, _JOB, name)
            for name in ("segments", "points", "axes", "centres", "scores", "next_period", "movement")
        )
    )
    if said_why(segments):
        return
    as_of(segments)
    names = largest_first(segments.rows)
    with card("Who is of which kind"):
        heads = ("Segment", "Users", "Share", "Not gone", "Revenue of 90 days")
        table("Segments", heads, segment_rows(segments.rows))
        note(
            "A name leads to the customers of that kind. A name says how they behave, not how safe they are."
        )
    with columns():
        with card():
            chart("Segments of users", picture(points.rows, axes.rows, names), 420)
            note(
                f"Each point is one of {sum(row['kind'] == 'user' for row in points.rows):,} users, each diamond the "
                "middle of a group; alike users lie close. The axes are the two mixtures of features that tell users "
                "apart best, named by those that weigh most, with the share of the variance."
            )
        _past(past, names)
    with card("What is typical of each group"):
        table("Centres of the groups", *centre_table(centres.rows))
        note("Of the last 90 days; days seen since the first. Groups of the same name are one segment.")
        heads_of_scores = ("Algorithm", "Groups", "Silhouette", "BIC")
        folded("How good other numbers of groups are", heads_of_scores, score_rows(scores.rows))
    _moved(movement, names)


def _past(past: Found, names: list[str]) -> None:
    with card():
        if said_why(past):
            return
        heads = ("Segment", "Users", "Lost", "Churn rate, % (95 %)", "Revenue a user")
        first = past.rows[0]
        pictured(
            f"Lost from {first['since']} to {first['until']}, by segment at the beginning",
            outcomes(past.rows, names),
            heads,
            outcome_rows(past.rows, names),
            240,
        )
        note(
            "Of those who could be lost: who was gone already is not counted. The table has the 95 % limits."
        )


def _moved(movement: Found, names: list[str]) -> None:
    with card("Who has moved"):
        if not movement.rows:
            note("Not to be told yet: there is no run of an earlier day to compare with.")
            return
        table("Movement between segments", *movement_table(movement.rows, names))
        first = movement.rows[0]
        note(
            f"A row a segment on {first['since']}, a column a segment on {first['until']}: users, share of the row."
        )


PAGE: Final = PageOf("/segments", "Segments", "category", "read", build)
