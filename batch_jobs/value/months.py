"""What users did and brought, by calendar month: kept as files, since months that are over seldom change.

Each complete month has two files below the folder of the as-of, with a row a user and with a row a user-day of money.
The next run takes those over of which no day has changed, and makes the others anew.
"""

import os
import shutil
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import ibis
from ibis.expr.types import IntegerValue, Table

from batch_jobs.segments.folders import MONTHS
from batch_jobs.star.star import Star

_ACTIVITY: Final = "activity.parquet"
_PAID: Final = "paid.parquet"
_SUMS: Final = ("net", "active", "paying")


class Months(NamedTuple):
    """Tables of the engine."""

    activity: Table
    """A row for each user with an event in a complete month: `user`, `month` (a number), `net` revenue, and whether
    (0 or 1) the user was `active` and `paying`."""
    paid: Table
    """A row for each user-day with money, up to the as-of: `user`, `day`, `net`."""


def net_of(days: Table) -> IntegerValue:
    """Revenue, minor units: spent + renewed − refunded."""
    return days.spent + days.renewed - days.refunded


def by_month(star: Star, fresh: Path, former: Path | None, since: date) -> Months:
    """Read what there is of former runs, and write the rest.

    Args:
        fresh: folder of this as-of, where files of all complete months will be.
        former: folder of an earlier one; None for none.
        since: first day that may be another than then.
    """
    settings = f"{MONTHS}-{star.settings.fingerprint()}"
    complete = _complete(star)
    folders = [fresh / settings / f"{start:%Y-%m}" for start, _ in complete]
    for folder, (start, end) in zip(folders, complete, strict=True):
        before = None if former is None else former / settings / folder.name
        if before is not None and end <= since and before.exists():
            shutil.copytree(before, folder, copy_function=_linked)
        else:
            _written(star, folder, start, end)
    open_ = star.daily.filter(star.daily.day >= ibis.date(star.as_of.date().replace(day=1)))
    paid = _paid(open_)
    if not folders:
        return Months(_activity(star.daily.filter(False), 0), paid)

    def read(name: str) -> Table:
        return star.engine.read_parquet([folder / name for folder in folders])

    # DuckDB writes sums of integers as floats, which hold them exactly up to 2^53
    activity = read(_ACTIVITY).cast(dict.fromkeys(("month", *_SUMS), "int64"))
    return Months(activity, read(_PAID).cast(paid.schema()).union(paid))


def _complete(star: Star) -> list[tuple[date, date]]:
    """First days of complete months, and of those after them."""
    if star.begins is None:
        return []
    start, found = star.begins.date().replace(day=1), []
    while (end := _next(start)) <= star.as_of.date():
        found.append((start, end))
        start = end
    return found


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _written(star: Star, folder: Path, start: date, end: date) -> None:
    days = star.daily.filter((star.daily.day >= ibis.date(start)) & (star.daily.day < ibis.date(end)))
    folder.mkdir(parents=True)
    star.engine.to_parquet(_activity(days, start.year * 12 + start.month - 1), folder / _ACTIVITY)
    star.engine.to_parquet(_paid(days), folder / _PAID)


def _activity(days: Table, month: int) -> Table:
    days = days.select("user", "activities", net=net_of(days), came=days.spent + days.renewed)
    found = days.group_by("user").aggregate(
        net=days.net.sum(),
        active=(days.activities.sum() > 0).cast("int64"),
        paying=(days.came.sum() > 0).cast("int64"),
    )
    return found.select("user", *_SUMS, month=ibis.literal(month, "int64"))


def _paid(days: Table) -> Table:
    paid = days.filter((days.spent != 0) | (days.renewed != 0) | (days.refunded != 0))
    return paid.select("user", "day", net=net_of(paid))


def _linked(source: str, target: str) -> str:
    """The same file under another name: nobody writes into it, who erases puts another in its place."""
    try:
        os.link(source, target)
    except OSError:  # not on every file system
        shutil.copy2(source, target)
    return target
