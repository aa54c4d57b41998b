"""Each user's life and first days as keys that stay the same while nothing happens, whatever the as-of.

Who is not lost is kept by the day of the origin, who is lost by the days until then. So cells of them can be kept:
the next day's are these, less the former rows of users of whom something is new, plus their rows now.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import ibis
from ibis.expr.types import IntegerValue, Table, Value

from batch_jobs.cohorts.days import number, number_of
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import News, Star
from batch_jobs.survival.landmark import MEASURES, band, column, sums
from batch_jobs.survival.lives import INCLUDED, lives
from batch_jobs.survival.options import Prevalent

NONE: Final = -1
"""In the place of a day where there is none."""
LIFE: Final = ("entry", "before", "event", "since")
"""`entry` as of `lives`; `before` if lost before the origin; `event` if lost; `since`: then the days from the origin
to the loss, else the number of the origin's day."""
ONSET: Final = ("silent", "silent_since", "silent_on")
"""`silent` and `silent_since`: likewise of the beginning of the silence, where it is known to be one; `silent_on`:
number of its day where that is not known yet."""
ABSENCE: Final = ("returned", "away")
"""Whether a lost user came back; after how many days, else the number of the day of the loss."""


def states(star: Star, prevalent: Prevalent) -> Table:
    """All users, nothing computed yet: `user`, `born` (number of the origin's day), the dimensions, `LIFE`, `ONSET`,
    `ABSENCE`, and `absent`, whether the absence counts.
    """
    table = lives(star, prevalent)
    born, lost = number_of(table.born), table.lost.notnull()
    pending = lost & ~table.onset_event
    return table.select(
        "user",
        *DIMENSIONS,
        "entry",
        "before",
        born=born,
        event=table.passage_event,
        since=ibis.ifelse(table.passage_event, _days(table.passage_duration), born),
        silent=table.onset_event,
        silent_since=ibis.ifelse(table.onset_event, _days(table.onset_duration), born),
        silent_on=ibis.ifelse(pending, number_of(table.onset), NONE),
        absent=lost & (table.passage_status == INCLUDED),
        returned=table.returned.notnull(),
        away=ibis.ifelse(
            table.returned.notnull(),
            _days(table.returned.delta(table.lost, unit="day")),
            number_of(table.lost),
        ),
    )


def signed(star: Star, news: News | None, prevalent: Prevalent) -> Table:
    """States with the `sign` with which they count: of all users 1; of news those of now 1, the former ones -1."""
    if news is None:
        return states(star, prevalent).mutate(sign=_one(1))
    now, then = (states(replace(star, users=users), prevalent) for users in (news.users, news.former))
    return now.mutate(sign=_one(1)).union(then.mutate(sign=_one(-1)))


def first_days(star: Star, news: News | None, since: date, people: Table, landmarks: Sequence[int]) -> Table:
    """`people` with what they did until landmark days, in bands: `<measure>_<day>`. Of a landmark to come it is what
    is known yet.

    Args:
        since: first day that may be another than in the former star.
        people: `signed`. Of news, only those are told whose contribution may be another than before.
    """
    if news is None:
        asked, done = people, sums(star.daily, people, landmarks)
    else:
        same = people.group_by("user", "born", "plan", *LIFE).agg(balance=people.sign.sum())
        open_ = same.born >= number(since) - max(landmarks)
        asked = people.semi_join(same.filter((same.balance != 0) | open_), "user")
        parts = [sums(star.daily.filter(star.daily.day < since), asked, landmarks)]
        for days, sign in ((star.daily, 1), (news.daily, -1)):
            parts.append(sums(days.filter(days.day >= since), asked.filter(asked.sign == sign), landmarks))
        done = ibis.union(*parts)
        done = done.group_by("user", "sign").agg(**{name: done[name].sum() for name in done.columns[2:]})
    joined = asked.left_join(done, ["user", "sign"]).drop("user_right", "sign_right")
    names = [(measure, day) for day in landmarks for measure in MEASURES]
    return joined.mutate(
        **{column(*name): band(joined[column(*name)].fill_null(0), name[0]) for name in names}
    )


def _days(value: Value) -> IntegerValue:
    return value.cast("int64")


def _one(sign: int) -> IntegerValue:
    return ibis.literal(sign, "int64")
