"""What needs the event before: orders of consecutive purchase lines, and changes of plan that name no direction.

As with sessions, a day knows itself and the day before: an order that goes on after a longer pause counts anew, and a
change without `change` counts only if one of the two days says which plan it was before.
"""

import ibis
from ibis.expr.types import Table

from batch_jobs.star.events import SILENT
from domain.columns import UNPAID_PLANS


def orders(found: Table) -> Table:
    """Purchases by user and day: columns user, day, orders. Consecutive lines with the same order id are one."""
    lines = found.filter(found.type == "purchase").select("user", "day", "key", "order_id")
    follows = ibis.window(group_by="user", order_by=["day", "key"])
    lines = lines.mutate(before=lines.order_id.lag().over(follows), day_before=lines.day.lag().over(follows))
    goes_on = (lines.order_id == lines.before) & (lines.day_before >= lines.day - 1)
    lines = lines.mutate(opens=ibis.ifelse(goes_on.fill_null(False), 0, 1))
    return lines.group_by("user", "day").agg(orders=lines.opens.sum())


def changes_of_plan(found: Table) -> Table:
    """Changes by user and day: columns user, day, upgrades, downgrades.

    Without a direction, paid to unpaid is a downgrade and unpaid to paid an upgrade, by the plan said last before it.
    """
    changes = found.filter(found.type == "subscription_change")
    unsaid = changes.filter(changes.change.isnull(), changes.plan.notnull())
    asked = unsaid.select("user").distinct()
    told = found.filter(found.plan.notnull(), found.type.notin(SILENT)).semi_join(asked, "user")
    told = told.mutate(paid=told.plan.notin(sorted(UNPAID_PLANS)))
    follows = ibis.window(group_by="user", order_by=["day", "key"])
    told = told.mutate(before=told.paid.lag().over(follows), day_before=told.day.lag().over(follows))
    told = told.filter(
        told.type == "subscription_change", told.change.isnull(), told.day_before >= told.day - 1
    )
    moves = changes.filter(changes.change.notnull()).select("user", "day", "change")
    guessed = told.filter(told.paid != told.before)
    guessed = guessed.select("user", "day", change=ibis.ifelse(guessed.paid, "upgrade", "downgrade"))
    moves = moves.union(guessed)
    return moves.group_by("user", "day").agg(
        upgrades=moves.count(where=moves.change == "upgrade"),
        downgrades=moves.count(where=moves.change == "downgrade"),
    )
