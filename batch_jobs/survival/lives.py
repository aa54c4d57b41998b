"""Users as lives: from when to when they are followed, and whether they were lost.

Time is counted in whole UTC days from the origin's day, which is day 0. The as-of is a midnight, so the last day
that is known, the one before it, is known whole: a user who is not lost is censored on it, a loss belongs to the
day on which it falls, and every user who is counted as at risk on a day was followed through all of it. With hours
elapsed since the origin, users would be censored within a day, and either they or the losses of that day would be
miscounted.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import ibis
from ibis.expr.types import Table, Value

from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star
from batch_jobs.survival.options import Prevalent

INCLUDED: Final = "included"
UNKNOWN: Final = "unknown"
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


def lives(star: Star, prevalent: Prevalent) -> Table:
    """All users, one row each, nothing computed yet.

    Returns:
        Columns `user`, `born` (day of the origin), `entry` (at risk after this day; 0 for those who are from their
        origin on), `lost`, `onset` and `returned` (days or null), `before` (lost before the origin), the dimensions
        as known at the origin, and for each view V `V_status` (`included`, or why not), `V_duration` (day of the
        loss, or the last known) and `V_event`.
    """
    users, as_of = star.users, ibis.literal(star.as_of)
    born = users.origin.date()
    is_lost = users.lost.notnull() & (users.lost < as_of)
    onset = ibis.coalesce(users.silent_since, users.lost).date()
    is_onset = is_lost & (onset <= ibis.literal(last_known_day(star, "onset")))
    facts = users.select(
        user=users.user,
        born=born,
        entry=ibis.ifelse(_is_prevalent(star), _entry(star, born), 0),
        before=is_lost & (users.lost < users.origin),
        lost=ibis.ifelse(is_lost, users.lost.date(), ibis.null("date")),
        onset=ibis.ifelse(is_lost, onset, ibis.null("date")),
        returned=ibis.ifelse(is_lost & (users.returned < as_of), users.returned.date(), ibis.null("date")),
        passage_event=is_lost,
        passage_duration=_days(is_lost, users.lost.date(), last_known_day(star, "passage"), born),
        onset_event=is_onset,
        onset_duration=_days(is_onset, onset, last_known_day(star, "onset"), born),
        **{name: users[f"{name}_at_origin"].fill_null(UNKNOWN) for name in DIMENSIONS},
    )
    return facts.mutate(
        **{f"{view}_status": _status(facts, facts[f"{view}_duration"], prevalent) for view in VIEWS}
    )


def _days(event: Value, moment: Value, last: date, born: Value) -> Value:
    """Days from the origin's to the loss, or to the last known; a silence from before the origin begins with it."""
    ends = ibis.ifelse(event, moment, ibis.literal(last))
    return ibis.ifelse(event & (moment < born), 0, ends.delta(born, unit="day"))


def _status(facts: Table, duration: Value, prevalent: Prevalent) -> Value:
    return ibis.cases(*reasons(facts.before, facts.entry, duration, prevalent), else_=INCLUDED)


def reasons(before: Any, entry: Any, duration: Any, prevalent: Prevalent) -> tuple[tuple[Any, str], ...]:
    """Why users are not in a view, the first that is true; of columns of an engine or of arrays."""
    out = entry > 0 if prevalent == "exclude" else (entry > 0) & (duration <= entry)
    return (before, "lost before the origin"), (duration < 0, "too young"), (out, "prevalent")


def _is_prevalent(star: Star) -> Value:
    """Seen in the first inactivity period without a signup: the user may have been there long before the log."""
    return ~star.users.signed_up & (star.users.origin < ibis.literal(_first_period_ends(star)))


def _entry(star: Star, born: Value) -> Value:
    day = ibis.literal(_first_period_ends(star).astimezone(UTC).date())
    return ibis.greatest(day.delta(born, unit="day"), 1)


def _first_period_ends(star: Star) -> datetime:
    return (star.begins or star.as_of) + timedelta(milliseconds=star.settings.inactivity_ms)
