"""Sessions in windows: what `domain.sessions` does event by event, for the facts of a day.

A day knows itself and the day before. Where the stream knows more, the two may differ:

- A session whose id comes up again after a whole UTC day without an activity is a new one here.
- The stream meets late events in the order of the log; here they stand where their time puts them.
- Of several `session_end` in a row only the first can lengthen the session, even if it neither is near nor has the
  session's id and a later one does; one that is not near must have the id of the activity before it, not only of the
  session.
- Of two sessions whose ids alternate, the earlier one is not known again if nameless activities have come twice
  between events of the later one.
- Who has cancelled is not gone in the stream however long the silence is, so an old id continues there; here silence
  of `inactivity_ms` always ends a session. It matters only if that is less than two days.
- Where an event lasts beyond the end of the next day, its seconds may count twice.
"""

import ibis
from ibis.expr.types import BooleanValue, Table

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
    """Segments with the number of the session that they belong to, and whether they open it.

    Of each twice: as the day and the day before see it, and as the day alone does (`opens_alone`, `alone`): that is
    what the next day knows of it.
    """
    breaks = _with_names(segments.filter(segments.breaks))
    opened = breaks.select(
        "user", "segment", "day", opens=~_goes_on(breaks, 1), opens_alone=~_goes_on(breaks, 0)
    )
    joined = segments.left_join(opened, ["user", "segment", "day"])
    joined = joined.select(
        "user", "day", "key", "time", "ends",
        opens=joined.opens.fill_null(False).cast("int64"),
        # what goes on from the day before without a break begins anew for a day alone
        opens_alone=joined.opens_alone.fill_null(True).cast("int64"),
    )  # fmt: skip
    so_far = ibis.window(**_FOLLOWS, preceding=None, following=0)
    return joined.mutate(session=joined.opens.sum().over(so_far), alone=joined.opens_alone.sum().over(so_far))


def _with_names(breaks: Table) -> Table:
    """Breaks with the id of the session that they stand in, and the one before it, each with the day that says so."""
    follows = ibis.window(**_FOLLOWS)
    breaks = breaks.mutate(
        # of the break before: whether it opened a nameless session, and what stood before it if it did not
        nameless=(~breaks.loose).lag().over(follows).fill_null(True),
        beyond=breaks.id_before.lag().over(follows),
        beyond_day=breaks.day_before.lag().over(follows),
    )
    direct = breaks.id_before.notnull()
    through = ibis.ifelse(breaks.nameless, ibis.null("string"), breaks.beyond)
    breaks = breaks.mutate(
        current=ibis.ifelse(direct, breaks.id_before, through),
        current_day=ibis.ifelse(direct, breaks.day_before, breaks.beyond_day),
    )
    back = {
        n: (breaks.current.lag(n).over(follows), breaks.current_day.lag(n).over(follows))
        for n in (1, 2, 3, 4)
    }
    # the id before the current one; where a nameless stretch lies within the current one's, before that
    former, former_day = (ibis.ifelse(direct, back[1][i], back[2][i]) for i in (0, 1))
    further, further_day = (ibis.ifelse(direct, back[3][i], back[4][i]) for i in (0, 1))
    again = (former == breaks.current).fill_null(False)
    return breaks.mutate(
        former=ibis.ifelse(again, further, former), former_day=ibis.ifelse(again, further_day, former_day)
    )


def _goes_on(breaks: Table, days: int) -> BooleanValue:
    """Whether a break continues the session, by what its day and so many days before it say."""

    def told(name: str) -> BooleanValue:
        return (breaks[name] >= breaks.day - days).fill_null(False)

    known = breaks.known & told("day_before")
    has_name = breaks.current.notnull() & told("current_day")
    is_current = breaks.id == breaks.current
    is_former = ((breaks.id == breaks.former) & told("former_day")).fill_null(False)
    by_name = ibis.ifelse(has_name, is_current | (is_former & breaks.near & ~breaks.start), breaks.loose)
    return known & ibis.ifelse(breaks.id.notnull(), by_name, breaks.loose)


def _by_day(segments: Table) -> Table:
    last = segments.group_by("user", "day", "alone").agg(ends=segments.ends.max())
    tails = last.group_by("user", "day").agg(tail=last.ends.argmax(last.alone))
    tails = tails.select(user_="user", next_day=tails.day + 1, tail="tail")
    pieces = segments.group_by("user", "day", "session").agg(
        opened=segments.opens.sum(), first=segments.time.min() // 1000, ends=segments.ends.max()
    )
    spent = pieces.left_join(tails, [pieces.user == tails.user_, pieces.day == tails.next_day])
    since = ibis.ifelse(spent.opened > 0, spent["first"], spent.tail)
    spent = spent.mutate(more=ibis.greatest(spent.ends - since, 0))
    return spent.group_by("user", "day").agg(sessions=spent.opened.sum(), session_ms=spent.more.sum() * 1000)
