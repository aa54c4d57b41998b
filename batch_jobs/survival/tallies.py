"""How many users share a state: counted from all of them, or from the counts of a former day and what is new since.

All estimates are made of these counts. Their number depends on days and on values of dimensions, not on users.
"""

import logging
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.cohorts.days import number
from batch_jobs.cohorts.held import held
from batch_jobs.job import Tables
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import News, Star
from batch_jobs.survival.landmark import MEASURES, column
from batch_jobs.survival.lives import last_known_day
from batch_jobs.survival.options import Options
from batch_jobs.survival.schema import KEPT
from batch_jobs.survival.states import ABSENCE, LIFE, NONE, ONSET, first_days, signed

log = logging.getLogger("ebbwatch.batch")

USERS: Final = "users"
PLAN: Final = "plan"
MOST: Final = 1_000_000
"""Cells of one kind; of more nothing is kept."""
_KEYS: Final = {
    "kept_lives": (*DIMENSIONS, *LIFE, *ONSET),
    "kept_absences": (*DIMENSIONS, *ABSENCE),
    "kept_landmarks": ("landmark", PLAN, *MEASURES, *LIFE),
}
_STAR: Final = "kept_star"


class Tallies(NamedTuple):
    """Cells with `users`, in the order of their keys."""

    lives: pd.DataFrame
    """By dimension, `LIFE` and `ONSET`."""
    absences: pd.DataFrame
    """Of the lost whose absence counts: by dimension and `ABSENCE`."""
    landmarks: pd.DataFrame
    """By `landmark`, plan, `MEASURES` (numbers of bands) and `LIFE`; of all who were not lost before their origin,
    also of those who have not come to the landmark."""


def tallies(star: Star, options: Options, last: Tables | None, since: date) -> Tallies:
    """Of all users.

    Args:
        last: of a former run, with the same options and settings; None for none.
        since: first day of which anything but the users has changed since then.
    """
    known = None if last is None else _known(star, last)
    if known is None:
        return Tallies(*_counted(star, None, since, options))
    former, news = known
    fresh = _counted(star, news, min(since, news.as_of.date()), options)
    return Tallies(
        *(
            _added([_settled(star, old), new], keys)
            for old, new, keys in zip(former, fresh, _KEYS.values(), strict=True)
        )
    )


def kept(star: Star, found: Tallies) -> dict[str, pa.Table]:
    """What a later run goes on from."""
    small = all(len(cells) <= MOST for cells in found)
    if not small:
        log.info("survival keeps no counts: there are more than %s cells", MOST)
    tables = {
        name: pa.Table.from_pandas(cells if small else cells[:0], KEPT[name], preserve_index=False)
        for name, cells in zip(_KEYS, found, strict=True)
    }
    marks = [star.mark] if small and star.mark else []
    return {
        **{name: table.replace_schema_metadata(None) for name, table in tables.items()},
        _STAR: pa.table({"mark": pa.array(marks, pa.string())}, schema=KEPT[_STAR]),
    }


def _known(star: Star, last: Tables) -> tuple[list[pd.DataFrame], News] | None:
    """Former cells, and what is new since; None if all has to be counted."""
    marks = last[_STAR]["mark"].to_pylist() if _STAR in last else []
    news = star.since(marks[0]) if marks else None
    if news is None:
        return None
    if news.begins != star.begins:  # who is prevalent depends on it
        log.info("survival is counted from all users: the log begins at another moment")
        return None
    return [_frame(last[name]) for name in _KEYS], news


def _counted(star: Star, news: News | None, since: date, options: Options) -> list[pd.DataFrame]:
    lives, absences, landmarks = _KEYS.values()
    with held(star.engine, signed(star, news, options.prevalent)) as people:
        found = [_count(star, people, lives), _count(star, people.filter(people.absent), absences)]
        parts = []
        if options.landmarks:
            with held(star.engine, first_days(star, news, since, people, options.landmarks)) as asked:
                for day in options.landmarks:
                    known = asked.filter(~asked.before).select(
                        PLAN, *LIFE, "sign", **{name: asked[column(name, day)] for name in MEASURES}
                    )
                    parts.append(_count(star, known, landmarks[1:]).assign(landmark=day))
        whole = pd.concat(parts, ignore_index=True) if parts else _frame(KEPT["kept_landmarks"].empty_table())
        return [*found, _added([whole], landmarks)]


def _count(star: Star, table: Table, keys: Sequence[str]) -> pd.DataFrame:
    """Cells with `users`, who may be fewer than none where news are counted."""
    counted = table.group_by(*keys).agg(users=table.sign.sum())
    return _added([_frame(star.engine.to_pyarrow(counted))], keys)


def _settled(star: Star, cells: pd.DataFrame) -> pd.DataFrame:
    """With silences of which it is known meanwhile that they were losses."""
    if "silent_on" not in cells:
        return cells
    on = cells["silent_on"]
    known = (on != NONE) & (on <= number(last_known_day(star, "onset")))
    return cells.assign(
        silent=cells["silent"] | known,
        silent_since=np.where(known, (on - cells["silent_since"]).clip(lower=0), cells["silent_since"]),
        silent_on=on.where(~known, NONE),
    )


def _added(parts: list[pd.DataFrame], keys: Sequence[str]) -> pd.DataFrame:
    whole = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    cells = whole.groupby(list(keys), as_index=False, sort=True).agg({USERS: "sum"})
    return cells[cells[USERS] != 0].reset_index(drop=True)


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    whole = [name for name in frame if pd.api.types.is_integer_dtype(frame[name])]
    truths = [field.name for field in table.schema if pa.types.is_boolean(field.type)]
    return frame.astype(dict.fromkeys(whole, "int64") | dict.fromkeys(truths, "bool"))
