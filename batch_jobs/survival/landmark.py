"""Lives from a landmark day on, with what was known by then (Anderson, Cain & Gelber 1983; van Houwelingen
2007).
"""

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table, Value

from batch_jobs.star.star import Star
from batch_jobs.survival.covariates import LANDMARK
from batch_jobs.survival.lives import INCLUDED


def from_landmark(star: Star, table: Table, day: int, covariates: Sequence[str]) -> Table:
    """Users who are still at risk and followed after that day: they enter at its end, whatever their fate.

    Args:
        table: lives of `batch_jobs.survival.lives`.
        day: the landmark; days 0 to `day` are known, losses from `day` + 1 on count.
        covariates: names of `LANDMARK`.

    Returns:
        The lives with `entry`, `duration` and `event`, each covariate as the number of its band.
    """
    staying = table.filter((table.passage_status == INCLUDED) & (table.passage_duration > day))
    known = _known(star, staying, day)
    joined = staying.left_join(known, staying.user == known.known_user)
    return joined.mutate(
        entry=ibis.greatest(joined.entry, day),
        duration=joined.passage_duration,
        event=joined.passage_event,
        **{name: _band(joined[f"known_{name}"].fill_null(0), LANDMARK[name].floors) for name in covariates},
    )


def _known(star: Star, staying: Table, day: int) -> Table:
    born = staying.select(known_user=staying.user, known_born=staying.born)
    joined = star.daily.join(born, star.daily.user == born.known_user)
    since = joined.day.delta(joined.known_born, unit="day")
    days = joined.filter((since >= 0) & (since <= day))
    return days.group_by(days.known_user).agg(
        known_sessions=days.sessions.sum(),
        known_active_days=days.first_active.count(),
        known_orders=days.orders.sum(),
    )


def _band(value: Value, floors: Sequence[int]) -> Value:
    return ibis.cases(
        *((value < floor, band) for band, floor in enumerate(floors[1:])), else_=len(floors) - 1
    )
