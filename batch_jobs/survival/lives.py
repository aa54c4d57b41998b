"""Users as lives: from when to when they are followed, and whether they were lost.

Time is counted in whole UTC days from the origin's day, which is day 0. The as-of is a midnight, so the last day
that is known, the one before it, is known whole: a user who is not lost is censored on it, a loss belongs to the
day on which it falls, and every user who is counted as at risk on a day was followed through all of it. With hours
elapsed since the origin, users would be censored within a day, and either they or the losses of that day would be
miscounted.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import ibis
from ibis.expr.types import Table, Value

from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star
from batch_jobs.survival.options import Prevalent

INCLUDED: Final = "included"
VIEWS: Final = ("passage", "onset")


def last_known_day(star: Star, view: str) -> date:
    """The last day of which it is known who was lost on it.

    Losses by silence that are dated at its beginning are known an inactivity period later, so `onset` ends earlier
    by that: else the last period would show no losses at all.
    """
    end = star.as_of
    if view == "onset":
        end -= timedelta(milliseconds=star.settings.inactivity_ms)
    return end.astimezone(UTC).date() - timedelta(days=1)


def lives(star: Star, view: str, prevalent: Prevalent) -> Table:
    """All users, one row each, nothing computed yet.

    Returns:
        Columns `user`, `status` (`included`, or why not), `born` (day of the origin), `entry` (at risk after this
        day; 0 for those who are from their origin on), `duration` (day of the loss, or the last known), `event`,
        `lost` and `returned` (days or null), and the dimensions as known at the origin.
    """
    users, last = star.users, last_known_day(star, view)
    as_of = ibis.literal(star.as_of)
    born = users.origin.date()
    is_lost = users.lost.notnull() & (users.lost < as_of)
    if view == "onset":
        moment = ibis.coalesce(users.silent_since, users.lost)
        event = is_lost & (moment.date() <= ibis.literal(last))
    else:
        moment, event = users.lost, is_lost
    ends = ibis.ifelse(event, moment.date(), ibis.literal(last))
    followed = users.select(
        user=users.user,
        born=born,
        entry=_entry(star, born),
        prevalent=_is_prevalent(star),
        # what began before the origin began on its day
        duration=ibis.ifelse(event & (ends < born), 0, ends.delta(born, unit="day")),
        event=event,
        before=is_lost & (users.lost < users.origin),
        lost=ibis.ifelse(is_lost, users.lost.date(), ibis.null("date")),
        returned=ibis.ifelse(is_lost & (users.returned < as_of), users.returned.date(), ibis.null("date")),
        **{name: users[f"{name}_at_origin"].fill_null("unknown") for name in DIMENSIONS},
    )
    return followed.mutate(
        status=ibis.cases(
            (followed.before, "lost before the origin"),
            (followed.duration < 0, "too young"),
            (followed.prevalent & ibis.literal(prevalent == "exclude"), "prevalent"),
            (followed.prevalent & (followed.duration <= followed.entry), "prevalent"),
            else_=INCLUDED,
        ),
        entry=ibis.ifelse(followed.prevalent, followed.entry, 0),
    )


def _first_period_ends(star: Star) -> datetime:
    return (star.begins or star.as_of) + timedelta(milliseconds=star.settings.inactivity_ms)


def _is_prevalent(star: Star) -> Value:
    """Seen in the first inactivity period without a signup: the user may have been there long before the log."""
    return ~star.users.signed_up & (star.users.origin < ibis.literal(_first_period_ends(star)))


def _entry(star: Star, born: Value) -> Value:
    day = ibis.literal(_first_period_ends(star).astimezone(UTC).date())
    return ibis.greatest(day.delta(born, unit="day"), 1)
