"""How long the assigned stayed: cells of (variant, day of the assignment, day of the loss).

Silence counts from the assignment on. Whoever is silent for `inactivity_ms` is lost on the day on which that silence
**began**, so that what happens within the follow-up shows within it; it is known only when the silence has lasted.
Therefore everybody is censored at the same moment, as-of less `inactivity_ms`: by the calendar, which knows nothing
of the user. A cancellation is a loss on its day where the setting `churn` says so.
"""

from datetime import timedelta

import ibis
from ibis.expr.types import Table

from batch_jobs.experiments.assigned import EPOCH, number_of
from batch_jobs.experiments.settings import ExperimentSettings
from batch_jobs.star.star import Star

_DAY_MS = 86_400_000


def known_until(star: Star) -> int:
    """Number of the day before whose beginning all losses are known."""
    delay = timedelta(0) if star.settings.churn == "cancellation" else _silence(star)
    return (star.as_of - delay).date().toordinal() - EPOCH.toordinal()


def cells(star: Star, first: Table, settings: ExperimentSettings) -> Table:
    """Columns `experiment`, `variant`, `number` (day of the assignment), `lost` (days to the loss), `users`.

    `lost` is null for those who are not lost within the follow-up or before `known_until`.
    """
    last = settings.follow_up_days
    kinds = []
    if star.settings.churn != "cancellation":
        kinds.append(_silent(star, first, last))
    if star.settings.churn != "inactivity":
        kinds.append(_cancelled(star, first))
    events = ibis.union(*kinds) if len(kinds) > 1 else kinds[0]
    known = events.filter(
        (events.lost >= 0) & (events.lost < last) & (events.lost + events.number < known_until(star))
    )
    earliest = known.group_by("experiment", "user").agg(lost=known.lost.min())
    found = first.left_join(earliest, ["experiment", "user"])
    return found.group_by("experiment", "variant", "number", "lost").agg(users=found.count())


def _silence(star: Star) -> timedelta:
    return timedelta(milliseconds=star.settings.inactivity_ms)


def _silent(star: Star, first: Table, last: int) -> Table:
    """Each beginning of a silence that has lasted: `experiment`, `user`, `number`, `lost`."""
    daily = star.daily.filter(star.daily.last_active.notnull())
    days = daily.select("user", "first_active", "last_active", at=number_of(daily.day))
    met = first.join(days, "user")
    reach = (
        last + -(-star.settings.inactivity_ms // _DAY_MS) + 1
    )  # nothing later can end a silence of interest
    met = met.filter((met.last_active >= met.time) & (met["at"] - met.number <= reach))
    seen = met.select(
        "experiment", "user", "number", begins=ibis.greatest(met.first_active, met.time),
        ends=met.last_active, lost=met["at"] - met.number,
    )  # fmt: skip
    itself = first.select(
        "experiment", "user", "number", begins=first.time, ends=first.time, lost=first.number - first.number
    )
    signs = ibis.union(seen, itself)
    window = ibis.window(group_by=["experiment", "user"], order_by=["lost", "begins", "ends"])
    following = signs.mutate(next=signs.begins.lead().over(window))
    until = ibis.literal(star.as_of, type=following.ends.type())
    gap = following.next.coalesce(until).delta(following.ends, unit="millisecond")
    return following.filter(gap >= star.settings.inactivity_ms).select("experiment", "user", "number", "lost")


def _cancelled(star: Star, first: Table) -> Table:
    changes = star.changes.filter(star.changes.type == "cancellation")
    met = first.join(changes.select("user", gone=changes.time, at=number_of(changes.day)), "user")
    met = met.filter(met.gone >= met.time)
    return met.select("experiment", "user", "number", lost=met["at"] - met.number)
