"""Histories in which the batch is known to see sessions otherwise than the stream (`batch_jobs.star.sessions`)."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from tests.batch_jobs.star.happened import SETTINGS, Happened
from tests.batch_jobs.star.slow import is_activity


def quirky(mine: Sequence[Happened]) -> bool:
    """Whether a user's history, in order, is one of them."""
    return _odd_ends(mine) or _alternating(mine)


def _odd_ends(mine: Sequence[Happened]) -> bool:
    """Several ends in a row, or an end with an id behind a nameless activity."""
    rows = [h for h in mine if is_activity(h, SETTINGS) or h.type == "session_end"]
    return any(
        here.type == "session_end"
        and (
            before.type == "session_end"
            or bool(here.fields.get("session_id") and not before.fields.get("session_id"))
        )
        for before, here in pairwise(rows)
    )


def _alternating(mine: Sequence[Happened]) -> bool:
    """Nameless activities twice between those of one session."""
    ids = [h.fields.get("session_id") or "" for h in mine if is_activity(h, SETTINGS)]
    runs = [name for name, _ in groupby(ids)]
    within = [a for a, between, b in zip(runs, runs[1:], runs[2:], strict=False) if a == b and not between]
    return any(a == b for a, b in pairwise(within))
