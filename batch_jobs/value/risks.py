"""How likely users are to be lost: probabilities and tiers as they were served."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.star.star import Star
from online_model.ledger.ledger import Ledger

RISKS: Final = pa.schema(
    [
        pa.field("user", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("tier", pa.string(), nullable=False),
    ]
)
"""One row a user and time; of a user there is about one a week."""

Source = Callable[[Star], Table | None]
"""Rows of `RISKS` in the star's engine; None where there are none to be had."""

_DAYS: Final = 28
"""Days of the ledger that are read: the last snapshot of every user at risk, and the one before it."""
_EPOCH: Final = date(1970, 1, 1)


def none(_star: Star) -> None:
    """Nothing is known."""


def given(table: pa.Table) -> Source:
    """Of a table of `RISKS`."""
    return lambda _star: ibis.memtable(table)


def of_ledger(archive: Path, lineage: str | None = None) -> Source:
    """Of the ledger: a snapshot stands there when its outcome is due, so the newest are a horizon old.

    Args:
        archive: the archive folder.
        lineage: 16 hex digits; None for the one whose days reach farthest.
    """

    def found(star: Star) -> Table | None:
        last = star.as_of.date() + timedelta(
            milliseconds=star.settings.horizon_ms + star.settings.allowed_lateness_ms
        )
        ledgers = [
            Ledger(archive, folder.name.removeprefix("lineage="))
            for folder in sorted((archive / "ledger").glob("lineage=*"))
            if lineage is None or folder.name == f"lineage={lineage}"
        ]
        days = {ledger: [d for d in ledger.days() if d <= (last - _EPOCH).days] for ledger in ledgers}
        newest = max((d for d in ledgers if days[d]), key=lambda ledger: days[ledger][-1], default=None)
        if newest is None:
            return None
        recent = [d for d in days[newest] if d > days[newest][-1] - _DAYS]
        rows = star.engine.read_parquet([newest.path(day) for day in recent])
        return rows.select("user", "time", "tier", probability="served")

    return found


def latest_two(star: Star, risks: Table) -> Table:
    """One row for each user with a probability from before the as-of that is not stale.

    Stale is what is older than two weeks and more than was to be expected: the horizon and the allowed lateness.

    Returns:
        `user`, `time`, `probability`, `tier`, and of the row before it `time_before`, `probability_before` and
        `tier_before`, null where there was none within two weeks.
    """
    delay = timedelta(milliseconds=star.settings.horizon_ms + star.settings.allowed_lateness_ms)
    week = timedelta(days=7)
    known = risks.filter(
        (risks.time < ibis.literal(star.as_of)) & (risks.time >= ibis.literal(star.as_of - delay - 4 * week))
    )
    last = known.group_by("user").aggregate(time=known.time.max())
    first = last.inner_join(known, ["user", "time"])
    first = first.filter(first.time >= ibis.literal(star.as_of - delay - 2 * week))
    others = known.inner_join(last.rename(last_time="time"), "user")
    others = others.filter(others.time < others.last_time)
    before = others.group_by("user").aggregate(time_before=others.time.max())
    second = before.inner_join(
        known.select("user", time_before="time", probability_before="probability", tier_before="tier"),
        ["user", "time_before"],
    )
    joined = first.left_join(second, "user").drop("user_right")
    near = joined.time_before >= joined.time - ibis.interval(days=14)
    return joined.select(
        "user",
        "time",
        "probability",
        "tier",
        **{
            name: ibis.ifelse(near, joined[name], ibis.null(joined[name].type()))
            for name in ("time_before", "probability_before", "tier_before")
        },
    )
