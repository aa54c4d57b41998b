"""What became of users in the period that is over: who of them was lost, and the money that came, by group."""

from datetime import datetime

import ibis
from ibis.expr.types import Table

from batch_jobs.star.star import Star


def outcomes_since(star: Star, users: Table, since: datetime) -> Table:
    """By group, what came in [`since`, as-of).

    Lost, as `settings.churn` says:

    - `inactivity`: of the users active in the inactivity limit before `since`, those without an activity after it
    - `cancellation`: of those of them of whom no cancellation stands (a later signup lifts it), those who cancelled
    - `either`: of the same, those to whom either happened

    Args:
        users: `user`, `group` and `active` (active within the limit before `since`), as of `since`.
        since: UTC midnight.

    Returns:
        `group`, `users`, `known` (who could be lost), `lost`, `revenue` and `revenue_before`, minor units, of all
        users of the group.
    """
    days = star.daily.filter(star.daily.day >= since.date())
    came = days.group_by("user").aggregate(
        activities=days.activities.sum(),
        cancellations=days.cancelled.count(),
        came=(days.spent + days.renewed - days.refunded).sum(),
    )
    width = star.as_of.date() - since.date()
    earlier = star.daily.filter((star.daily.day >= since.date() - width) & (star.daily.day < since.date()))
    sold = earlier.group_by("user").aggregate(sold=(earlier.spent + earlier.renewed - earlier.refunded).sum())
    joined = users.select("user", "group", "active")
    for other in (came, sold, _cancelled_before(star, since)):
        joined = joined.left_join(other, "user").drop("user_right")
    silent = joined.activities.fill_null(0) == 0
    left = joined.cancellations.fill_null(0) > 0
    subscribed = joined.active & (joined.standing.isnull() | ~joined.standing)
    known, lost = {
        "inactivity": (joined.active, silent),
        "cancellation": (subscribed, left),
        "either": (subscribed, silent | left),
    }[star.settings.churn]
    return (
        joined.mutate(known=known, lost=known & lost)
        .group_by("group")
        .aggregate(
            users=lambda t: t.count(),
            known=lambda t: t.known.cast("int64").sum(),
            lost=lambda t: t.lost.cast("int64").sum(),
            revenue=lambda t: t.came.fill_null(0).sum(),
            revenue_before=lambda t: t.sold.fill_null(0).sum(),
        )
    )


def _cancelled_before(star: Star, since: datetime) -> Table:
    """Users with a cancellation before `since`, and whether it still stood: no later signup."""
    changes = star.changes.filter(star.changes.time < ibis.literal(since))
    kinds = changes.group_by("user").aggregate(
        cancelled=changes.time.max(where=changes.type == "cancellation"),
        signed=changes.time.max(where=changes.type == "signup"),
    )
    return kinds.filter(kinds.cancelled.notnull()).select(
        "user", standing=(kinds.signed.isnull() | (kinds.signed <= kinds.cancelled))
    )
