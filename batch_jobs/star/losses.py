"""When users were lost, and whether they came back.

Silence is watched from the origin on; activities before it do not count. A passage is the first moment at which
silence since the last activity, or since the origin, reaches `inactivity_ms` with no activity before or at it. A
cancellation counts from the origin on, too. What comes first is the loss; at the same moment it is the cancellation.
"""

import ibis
from ibis.expr.types import IntegerValue, Table, Value

from domain.settings import FactSettings

_COLUMNS = ("user", "loss", "cancels", "since", "back")


def losses(
    spans: Table, changes: Table, whole: Table, before: Table | None, as_of: int, settings: FactSettings
) -> Table:
    """One row a user who was ever lost: user, lost, lost_by, silent_since, returned, returns, left.

    Args:
        spans: days of users with an activity, and what was known before.
        changes: with cancellations.
        whole: origin, last_active and began_before by user.
        before: users at the earlier as-of, with what was lost then.
    """
    origins = whole.select(user_="user", origin="origin")
    active = spans.filter(spans.last_active.notnull())
    active = active.inner_join(
        origins, [active.user == origins.user_, active.last_active >= origins.origin]
    ).select("user", "day", "first_active", "last_active", "old", "origin")
    kinds = []
    if settings.churn != "cancellation":
        kinds.append(_passages(active, settings))
        kinds.append(_passing(whole, as_of, settings))
    if settings.churn != "inactivity":
        kinds.append(_cancellations(active, changes, origins, before))
    found = ibis.union(*kinds) if len(kinds) > 1 else kinds[0]
    order = found.loss * 2 + ibis.ifelse(found.cancels, 0, 1)
    by_user = found.group_by("user").agg(
        lost=found.loss.min(),
        cancels=found.cancels.cast("int64").argmin(order) == 1,
        silent_since=found.since.fill_null(-1).argmin(order),
        returned=found.back.fill_null(-1).argmin(order).nullif(-1),
        returns=found.back.nunique(),
        left=found.loss.min(where=found.cancels & found.back.isnull()),
    )
    by_user = by_user.mutate(lost_by=ibis.ifelse(by_user.cancels, "cancellation", "inactivity"))
    by_user = by_user.select("user", "lost", "lost_by", "silent_since", "returned", "returns", "left")
    return by_user if before is None else _with_former(by_user, active, whole, before)


def silent(people: Table) -> IntegerValue:
    """Since when each user has been silent, ms: the last activity, or the origin."""
    return ibis.greatest(people.last_active.fill_null(0), people.origin)


def _passages(active: Table, settings: FactSettings) -> Table:
    """Silences that reached the limit and were ended by an activity."""
    follows = ibis.window(group_by="user", order_by="day")
    rows = active.mutate(
        since=ibis.greatest(active.last_active.lag().over(follows).fill_null(0), active.origin)
    )
    # what was known before has had its passages
    rows = rows.filter(~rows.old, rows.first_active - rows.since >= settings.inactivity_ms)
    return rows.select(
        "user", loss=rows.since + settings.inactivity_ms, cancels=ibis.literal(False), since="since",
        back="first_active",
    )  # fmt: skip


def _passing(whole: Table, as_of: int, settings: FactSettings) -> Table:
    """Silences that reached the limit and go on."""
    rows = whole.select("user", since=silent(whole))
    rows = rows.filter(rows.since + settings.inactivity_ms < as_of)
    return rows.select(
        "user", loss=rows.since + settings.inactivity_ms, cancels=ibis.literal(False), since="since",
        back=ibis.null("int64"),
    )  # fmt: skip


def _cancellations(active: Table, changes: Table, origins: Table, before: Table | None) -> Table:
    """Cancellations with the activity before and after each."""
    left = changes.filter(changes.type == "cancellation")
    left = left.inner_join(origins, [left.user == origins.user_, left.time >= origins.origin])
    left = left.select(
        "user", "origin", "active_before", "active_after", at=left.time, last=ibis.null("int64"),
        first=ibis.null("int64"), cancels=ibis.literal(True),
    )  # fmt: skip
    if before is not None:
        waits = before.filter(before.left.notnull()).select("user", "left")
        waits = waits.inner_join(origins, [waits.user == origins.user_, waits.left >= origins.origin])
        waits = waits.select(
            "user", "origin", active_before=ibis.null("int64"), active_after=ibis.null("int64"), at=waits.left,
            last=ibis.null("int64"), first=ibis.null("int64"), cancels=ibis.literal(True),
        )  # fmt: skip
        left = left.union(waits)
    asked = left.select("user").distinct()
    days = active.semi_join(asked, "user")
    days = days.select(
        "user", "origin", active_before=ibis.null("int64"), active_after=ibis.null("int64"), at=days.first_active,
        last=days.last_active, first=ibis.ifelse(days.old, ibis.null("int64"), days.first_active),
        cancels=ibis.literal(False),
    )  # fmt: skip
    rows = left.union(days)
    # at the same moment the activity stands first: it is before the cancellation
    order = ["at", ibis.ifelse(rows.cancels, 1, 0)]
    earlier = ibis.window(group_by="user", order_by=order, preceding=None, following=0)
    later = ibis.window(group_by="user", order_by=order, preceding=0, following=None)
    rows = rows.mutate(
        last_before=rows["last"].max().over(earlier), first_after=rows["first"].min().over(later)
    )
    rows = rows.filter(rows.cancels)
    since = ibis.coalesce(rows.active_before, rows.last_before, 0)
    return rows.select(
        "user", loss="at", cancels="cancels", since=ibis.greatest(since, rows.origin),
        back=ibis.coalesce(rows.active_after, rows.first_after),
    )  # fmt: skip


def _with_former(found: Table, active: Table, whole: Table, before: Table) -> Table:
    """What was lost before stays, unless the origin is another now."""
    stays = whole.filter(whole.began_before).select(user_="user")
    former = before.inner_join(stays, before.user == stays.user_)
    former = former.filter(former.lost.notnull()).select(
        "user", "lost", "lost_by", "silent_since", "returned", "returns"
    )
    fresh = active.filter(~active.old)
    fresh = fresh.group_by("user").agg(first_new=fresh.first_active.min())
    nothing, nobody = ibis.null("int64"), ibis.null("string")
    rows = ibis.union(
        found.mutate(then=ibis.literal(False), first_new=nothing),
        former.mutate(left=nothing, then=ibis.literal(True), first_new=nothing),
        fresh.select(
            "user", lost=nothing, lost_by=nobody, silent_since=nothing, returned=nothing,
            returns=ibis.literal(0, "int64"), left=nothing, then=ibis.literal(False), first_new="first_new",
        ),
    )  # fmt: skip

    def of(name: str) -> Value:
        return ibis.coalesce(rows[name].max(where=rows.then), rows[name].max(where=~rows.then))

    both = rows.group_by("user").agg(
        had=rows.then.any(),
        **{name: of(name) for name in ("lost", "lost_by", "silent_since", "left")},
        returned_then=rows.returned.max(where=rows.then),
        returned_now=rows.returned.max(where=~rows.then),
        returns=rows.returns.sum(),
        first_new=rows.first_new.max(),
    )
    back = ibis.ifelse(both.had, ibis.coalesce(both.returned_then, both.first_new), both.returned_now)
    both = both.filter(both.lost.notnull()).mutate(returned=back)
    return both.select("user", "lost", "lost_by", "silent_since", "returned", "returns", "left")
