"""Sessions in windows: what `domain.sessions` does event by event, for the facts of a day.

A day knows itself and the day before. Where the stream knows more, the two may differ:

- A session whose id comes up again after a whole UTC day without an activity is a new one here.
- The stream meets late events in the order of the log; here they stand where their time puts them.
- Of several `session_end` in a row only the first can lengthen the session, even if it neither is near nor has the
  session's id and a later one does; one that is not near must have the id of the activity before it, not only of the
  session.
- Of two sessions whose ids alternate, with nameless activities between events of the later one, the earlier one is
  not known again.
- Who has cancelled is not gone in the stream however long the silence is, so an old id continues there; here silence
  of `inactivity_ms` always ends a session. It matters only if that is less than two days.
- Where an event lasts longer than until the end of the next day, seconds may count twice.
"""

import ibis
from ibis.expr.types import Table

from batch_jobs.star.events import is_activity
from domain.settings import FactSettings

_FOLLOWS = {"group_by": "user", "order_by": ["day", "key"]}


def sessions(found: Table, settings: FactSettings) -> Table:
    """Sessions opened and ms spent in sessions, by user and day: columns user, day, sessions, session_ms.

    Args:
        found: events of days and of the day before each, each once.
    """
    return _by_day(_numbered(_segments(_placed(found, settings), settings)))


def _placed(found: Table, settings: FactSettings) -> Table:
    """Activities and ends with what came before them; a break is where a session may begin."""
    rows = found.select(
        "user", "day", "key", "time",
        id=found.session_id,
        act=is_activity(found, settings),
        start=found.type == "session_start",
        ends=(found.time + found.duration_ms.fill_null(0)) // 1000,
        end=found.type == "session_end",
    )  # fmt: skip
    rows = rows.filter(rows.act | rows.end)
    alike = ibis.window(group_by=["user", "act"], order_by=["day", "key"])
    follows = ibis.window(**_FOLLOWS)
    rows = rows.mutate(
        time_before=rows.time.lag().over(alike),
        day_before=rows.day.lag().over(alike),
        id_before=rows.id.lag().over(alike),
        act_just=rows.act.lag().over(follows),
        time_just=rows.time.lag().over(follows),
        day_just=rows.day.lag().over(follows),
        id_just=rows.id.lag().over(follows),
    )
    over = rows.act_just == ibis.literal(False)
    near = (rows.time - rows.time_before <= settings.session_gap_ms).fill_null(False)
    known = (
        (rows.day_before >= rows.day - 1) & (rows.time - rows.time_before < settings.inactivity_ms)
    ).fill_null(False)
    rows = rows.mutate(known=known, loose=known & near & ~over.fill_null(False) & ~rows.start, near=near)
    # an end counts if it is the first since the activity, and near or of the same id
    taken = (
        rows.act_just
        & (rows.day_just >= rows.day - 1)
        & (
            (rows.time - rows.time_just <= settings.session_gap_ms)
            | (rows.id == rows.id_just).fill_null(False)
        )
    ).fill_null(False)
    rows = rows.filter(rows.act | taken)
    same = rows.known & (rows.id == rows.id_before).fill_null(False)
    named = rows.id.notnull()
    breaks = rows.act & ibis.ifelse(named, ~same, rows.id_before.notnull() | ~rows.loose)
    return rows.mutate(breaks=breaks, named=named)


def _segments(rows: Table, settings: FactSettings) -> Table:
    """Events from one break to the next, by day, with the event of the break."""
    del settings
    so_far = ibis.window(**_FOLLOWS, preceding=None, following=0)
    rows = rows.mutate(segment=rows.breaks.cast("int64").sum().over(so_far))
    at = rows.breaks
    return rows.group_by("user", "segment", "day").agg(
        key=rows.key.min(),
        time=rows.time.min(),
        ends=rows.ends.max(),
        breaks=rows.breaks.any(),
        id=rows.id.max(where=at),
        id_before=rows.id_before.max(where=at),
        day_before=rows.day_before.max(where=at),
        known=rows.known.any(where=at).fill_null(False),
        loose=rows.loose.any(where=at).fill_null(False),
        near=rows.near.any(where=at).fill_null(False),
        start=rows.start.any(where=at).fill_null(False),
    )


def _numbered(segments: Table) -> Table:
    """Segments with the number of the session that they belong to, and whether they open it."""
    breaks = segments.filter(segments.breaks)
    follows = ibis.window(**_FOLLOWS)
    breaks = breaks.mutate(
        named_last=breaks.id.lag().over(follows).notnull(),
        # a nameless break that opened, or that came behind a name
        opened_last=(~breaks.loose).lag().over(follows).fill_null(True),
        beyond=breaks.id_before.lag().over(follows),
        beyond_day=breaks.day_before.lag().over(follows),
    )
    through = ~breaks.opened_last & (breaks.beyond_day >= breaks.day - 1).fill_null(False)
    direct = breaks.id_before.notnull()
    breaks = breaks.mutate(
        current=ibis.ifelse(
            direct, breaks.id_before, ibis.ifelse(through, breaks.beyond, ibis.null("string"))
        ),
        current_day=ibis.ifelse(direct, breaks.day_before, breaks.beyond_day),
    )
    breaks = breaks.mutate(
        former=ibis.ifelse(direct, breaks.current.lag().over(follows), breaks.current.lag(2).over(follows)),
        former_day=ibis.ifelse(
            direct, breaks.current_day.lag().over(follows), breaks.current_day.lag(2).over(follows)
        ),
    )
    by_name = ibis.ifelse(
        breaks.current.isnull(),
        breaks.loose,
        (breaks.id == breaks.current)
        | (
            ((breaks.id == breaks.former) & (breaks.former_day >= breaks.day - 1)).fill_null(False)
            & breaks.near
            & ~breaks.start
        ),
    )
    goes_on = breaks.known & ibis.ifelse(breaks.id.notnull(), by_name, breaks.loose)
    opened = breaks.select("user", "segment", "day", opens=~goes_on)
    joined = segments.left_join(opened, ["user", "segment", "day"])
    joined = joined.select("user", "day", "key", "time", "ends", opens=joined.opens.fill_null(False))
    so_far = ibis.window(**_FOLLOWS, preceding=None, following=0)
    return joined.mutate(session=joined.opens.cast("int64").sum().over(so_far))


def _by_day(segments: Table) -> Table:
    spent = segments.group_by("user", "session", "day").agg(
        opened=segments.opens.cast("int64").sum(), first=segments.time.min() // 1000, ends=segments.ends.max()
    )
    follows = ibis.window(group_by=["user", "session"], order_by="day")
    spent = spent.mutate(ends_before=spent.ends.lag().over(follows), day_before=spent.day.lag().over(follows))
    goes_on = (spent.opened == 0) & (spent.day_before >= spent.day - 1).fill_null(False)
    since = ibis.ifelse(goes_on, spent.ends_before, spent["first"])
    spent = spent.mutate(more=ibis.greatest(spent.ends - since, 0))
    return spent.group_by("user", "day").agg(sessions=spent.opened.sum(), session_ms=spent.more.sum() * 1000)
