"""The job `retention`: cohorts, who stays, and what they pay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from batch_jobs.cohorts import activity, told
from batch_jobs.cohorts.days import GrainName, number, whole_days
from batch_jobs.cohorts.grid import Cells, Reach, ends, reach, ripe
from batch_jobs.cohorts.held import held
from batch_jobs.cohorts.limits import DEFAULT, Limits
from batch_jobs.cohorts.members import AT_ORIGIN, counted, members
from batch_jobs.cohorts.money import Money, money, nothing, payments
from batch_jobs.cohorts.schema import CLASSIC, MEMBERS, TABLES, UNBOUNDED, VALUES
from batch_jobs.cohorts.sizes import Sizes, sizes
from batch_jobs.cohorts.slices import Combinations, combinations_of, same_values, top_values, values_table
from batch_jobs.job import Progress, Tables
from batch_jobs.star.star import Star

MONEY_GRAINS: Final[tuple[GrainName, ...]] = ("week", "month")


class _Grain(NamedTuple):
    """What is known of one grain before activity is read."""

    sizes: Sizes
    cells: Cells
    fresh: told.Bools
    """Cells that must be counted; the others are as they were."""
    retained: np.ndarray
    """By cell; 0 where fresh."""
    paid: Money
    """Likewise; of grains of money."""


@dataclass(frozen=True)
class Retention:
    """See docs/retention.md. Its tables are `batch_jobs.cohorts.schema.TABLES`."""

    limits: Limits = DEFAULT
    name: str = "retention"

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """From all of the history."""
        return self._tables(star, None, progress)

    def refresh(self, star: Star, last: Tables, since: date, progress: Progress) -> Tables:
        """The same tables; activity is read as far back as open periods reach.

        Args:
            last: tables of a former run, with the same limits and settings.
            since: first day of which anything but the users has changed since then. Late events count as changes of
                their day, and an erasure as one of the user's first.
        """
        return self._tables(star, (last, since), progress)

    def _tables(self, star: Star, former: tuple[Tables, date] | None, progress: Progress) -> Tables:
        progress("values of the dimensions", 0.0)
        top = top_values(
            star.users, {name: [column] for name, column in AT_ORIGIN.items()}, self.limits.values
        )
        if former is not None and not same_values(former[0]["values"], top, self.limits.paired):
            former = None
        progress("users by cohort", 0.1)
        with held(star.engine, members(star, top)) as kept:
            found = combinations_of(kept, top, self.limits.paired)
            return {
                **self._of(star, kept, found, former, progress),
                "members": pa.table(
                    list(zip(*counted(star).items(), strict=True)),
                    schema=MEMBERS,  # by kind
                ),
                "values": values_table(top, VALUES),
            }

    def _of(
        self,
        star: Star,
        people: Table,
        found: Combinations,
        former: tuple[Tables, date] | None,
        progress: Progress,
    ) -> Tables:
        as_of = number(star.as_of.date())
        grains = {
            name: _grain(sizes(people, found, name, limits, as_of), found, as_of, former)
            for name, limits in self.limits.grains.items()
        }
        progress("activity", 0.3)
        active = _activity(star, people, found, grains)
        progress("money", 0.7)
        moneys = {name: _money(star, people, found, grains[name]) for name in grains if name in MONEY_GRAINS}
        progress("tables", 0.9)
        silence = whole_days(star.settings.inactivity_ms)
        parts: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
        for name, grain in grains.items():
            of = grain.sizes, found.slices
            parts["cohorts"].append(told.cohorts(*of))
            late = ripe(grain.sizes, as_of, silence)
            since = grain.sizes.last_seen[:, ::-1].cumsum(1)[:, ::-1]
            kinds = (
                (CLASSIC, grain.cells, active[name]),
                (UNBOUNDED, late, since[late.rows, late.periods]),
            )
            for kind, cells, retained in kinds:
                parts["retention"].append(told.retention(*of, kind, cells, retained))
                parts["retention_curve"].append(told.curve(*of, kind, cells, retained))
            if name in moneys:
                cells, paid = moneys[name]
                parts["money_retention"].append(told.money(*of, cells, paid))
                parts["money_curve"].append(told.money_curve(*of, cells, paid))
        return {name: pa.concat_tables(tables) for name, tables in parts.items() if tables}


def _grain(
    found: Sizes, combinations: Combinations, as_of: int, former: tuple[Tables, date] | None
) -> _Grain:
    cells = ripe(found, as_of)
    zero = np.zeros(len(cells.rows), np.int64)
    if former is None:
        return _Grain(found, cells, np.ones(len(cells.rows), bool), zero, Money(*[zero] * 5))
    last, since = former
    slices, where = combinations.slices, (cells.rows, cells.periods)
    same = told.unchanged(_of_grain(last["cohorts"], found.grain), found, slices)
    closed = same[cells.rows] & (ends(found, cells) <= number(since))
    table = _of_grain(last["retention"], found.grain)
    table = table.filter(pc.equal(table["kind"], CLASSIC))
    known, said = told.recalled(table, found, slices, ["retained"])
    fresh = ~(closed & known[where])
    retained = np.where(fresh, 0, said["retained"][where])
    # closed cells that the table of money does not know have no payers: zero
    _, sums = told.recalled(
        _of_grain(last["money_retention"], found.grain), found, slices, list(Money._fields)
    )
    paid = Money(*(sums[name][where] for name in Money._fields))
    return _Grain(found, cells, fresh, retained, paid)


def _activity(
    star: Star, people: Table, found: Combinations, grains: Mapping[GrainName, _Grain]
) -> dict[GrainName, np.ndarray]:
    """Retained by grain and cell."""
    as_of = number(star.as_of.date())
    reaches = {name: reach(grain.sizes, grain.cells.where(grain.fresh)) for name, grain in grains.items()}
    since = activity.first_day(reaches)
    if since is None:
        return {name: grain.retained for name, grain in grains.items()}
    with held(star.engine, activity.ages(star.daily, people, since)) as aged:
        return {name: _counted(aged, found, grain, reaches[name], as_of) for name, grain in grains.items()}


def _counted(aged: Table, found: Combinations, grain: _Grain, back: Reach | None, as_of: int) -> np.ndarray:
    if back is None:
        return grain.retained
    counts = activity.retained(aged, found, grain.sizes, back, as_of)
    return np.where(grain.fresh, counts[grain.cells.rows, grain.cells.periods], grain.retained)


def _money(star: Star, people: Table, found: Combinations, grain: _Grain) -> tuple[Cells, Money]:
    """Cells of cohorts with payers, and their sums by cell."""
    cells, fresh = grain.cells, grain.fresh
    back = reach(grain.sizes, cells.where(fresh))
    if back is None:
        now = nothing(grain.sizes)
    else:
        with held(star.engine, payments(star.daily, people, grain.sizes, back)) as paid:
            now = money(paid, found, grain.sizes, number(star.as_of.date()))
    at = cells.rows, cells.periods
    counts = Money(now.payers[at[0]], now.base[at[0]], now.paying[at], now.revenue[at], now.kept[at])
    both = Money(*(np.where(fresh, new, old) for new, old in zip(counts, grain.paid, strict=True)))
    some = both.payers > 0
    return cells.where(some), Money(*(column[some] for column in both))


def _of_grain(table: pa.Table, grain: GrainName) -> pa.Table:
    return table.filter(pc.equal(table["grain"], grain))
