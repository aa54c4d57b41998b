"""Members of cohorts, and users whose beginning nobody has seen."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import ibis
from ibis.expr.types import BooleanValue, Table

from batch_jobs.cohorts.days import month_of, number_of
from batch_jobs.cohorts.slices import Top, combination
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star

AT_ORIGIN: Final = {name: f"{name}_at_origin" for name in DIMENSIONS}
SIGNED_UP: Final = "signed_up"
FIRST_SEEN: Final = "first_seen"
PREVALENT: Final = "prevalent"


def prevalent(star: Star) -> BooleanValue:
    """Whether a user without a signup was seen so early that the log cannot tell a beginning from a return.

    Early is within the first inactivity period of the log: whoever appears later has been away for as long as makes a
    loss, so a new life begins with that event, if not the first.
    """
    if star.begins is None:
        return ibis.literal(False)
    end = star.begins + timedelta(milliseconds=star.settings.inactivity_ms)
    return ~star.users.signed_up & (star.users.origin < ibis.literal(end))


def members(star: Star, top: Top) -> Table:
    """Users in cohorts: `user`, `origin` and `last` (days; null if never active), `month`, `combination`."""
    users = star.users.filter(~prevalent(star))
    return users.select(
        "user",
        origin=number_of(users.origin.date()),
        month=month_of(users.origin.date()),
        last=number_of(users.last_active.date()),
        combination=combination(users, AT_ORIGIN, top),
    )


def counted(star: Star) -> Mapping[str, int]:
    """How many users have signed up, were first seen late enough to be in a cohort, or are prevalent."""
    kind = ibis.cases((star.users.signed_up, SIGNED_UP), (prevalent(star), PREVALENT), else_=FIRST_SEEN)
    rows = star.users.select(kind=kind).group_by("kind").agg(users=ibis._.count()).to_pyarrow()
    found = dict(zip(rows["kind"].to_pylist(), rows["users"].to_pylist(), strict=True))
    return {name: found.get(name, 0) for name in (SIGNED_UP, FIRST_SEEN, PREVALENT)}
