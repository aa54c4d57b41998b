"""The job `engagement`: who is there, how often, for what, and who leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from batch_jobs.cohorts.days import GrainName, day, number, whole_days
from batch_jobs.cohorts.held import held
from batch_jobs.cohorts.slices import EVERYBODY, Slice, Top, same_values, top_values, values_table
from batch_jobs.engagement import churn, features, funnel, schema, usage
from batch_jobs.engagement.active import GRAINS, active_days, by_code, longest
from batch_jobs.engagement.limits import DEFAULT, Limits
from batch_jobs.engagement.schema import CANCELLATION, INACTIVITY
from batch_jobs.engagement.spans import trailing
from batch_jobs.engagement.usage import Columns, Span
from batch_jobs.job import Progress, Tables
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star

CALENDAR: Final[tuple[GrainName, ...]] = ("week", "month")
BEFORE: Final = -(1 << 30)
"""Earlier than any day."""
_OF_DAY: Final = ("users", "fresh", "sessions", "session_ms", "pages", "converted")


@dataclass(frozen=True)
class Engagement:
    """See docs/engagement.md. Its tables are `batch_jobs.engagement.schema.TABLES`."""

    limits: Limits = DEFAULT
    name: str = "engagement"

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """From all of the history."""
        return self._tables(star, None, progress)

    def refresh(self, star: Star, last: Tables, since: date, progress: Progress) -> Tables:
        """The same tables; of activity, only what reaches into the days from `since` on is read.

        Args:
            last: tables of a former run, with the same limits and settings.
            since: first day of which anything but the users has changed since then. Late events count as changes of
                their day, and an erasure as one of the user's first.
        """
        return self._tables(star, (last, since), progress)

    def _tables(self, star: Star, former: tuple[Tables, date] | None, progress: Progress) -> Tables:
        progress("values of the dimensions", 0.0)
        columns = {name: (f"{name}_at_origin", name) for name in DIMENSIONS}
        top = top_values(star.users, columns, self.limits.values)
        if former is not None and not same_values(former[0]["values"], top, self.limits.paired):
            former = None
        as_of, inactivity = number(star.as_of.date()), whole_days(star.settings.inactivity_ms)
        since = BEFORE if former is None else min(number(former[1]), as_of)
        span = Span(
            begins=as_of if star.begins is None else number(star.begins.date()),
            since=since,
            sliced=as_of - self.limits.days,
            as_of=as_of,
        )
        gap = longest(inactivity)
        reach = None if former is None else since - gap
        progress("user-days", 0.1)
        with held(star.engine, active_days(star, top, reach, gap)) as active:
            fresh = self._of(star, top, active, span, progress)
        progress("funnels", 0.8)
        fresh |= self._funnels(star, top, as_of)
        tables = fresh if former is None else self._joined(former[0], fresh, span)
        return {**tables, "values": values_table(top, schema.VALUES)}

    def _of(self, star: Star, top: Top, active: Table, span: Span, progress: Progress) -> dict[str, pa.Table]:
        inactivity = whole_days(star.settings.inactivity_ms)
        periods = tuple(f"{what}_in_{grain}" for what in ("first", "kept") for grain in GRAINS)
        sums = by_code(active, ("day",), (*_OF_DAY, *periods), top)
        gaps = by_code(active, ("day", "gap"), ("users",), top)
        found = {
            "activity": usage.activity(sums, gaps, span),
            "lifecycle": pa.concat_tables(usage.lifecycle(grain, sums, gaps, span) for grain in GRAINS),
        }
        progress("features", 0.4)
        rows, conversions = [], []
        for grain in CALENDAR:
            told = span.periods(grain)
            there = usage.active_in(grain, sums, told)
            rows += features.used(star.usage, grain, told, there, self.limits.features)
            conversions.append(features.converted(star.daily, grain, told, there))
        of = gaps[EVERYBODY]
        lately = trailing(of["day"], of["gap"], of["users"], 30, span.as_of - 1, span.as_of - 1)
        rows += features.used_lately(star.usage, span.as_of, int(lately[0]), self.limits.features)
        progress("churn", 0.6)
        return found | {
            "features": features.table(rows),
            "conversion": pa.concat_tables(conversions),
            "churn": churn.table(self._churn(star, top, active, gaps, span, inactivity)),
        }

    def _churn(
        self, star: Star, top: Top, active: Table, gaps: Mapping[Slice, Columns], span: Span, inactivity: int
    ) -> list[list[Any]]:
        at = churn.moments(span.begins, span.since, span.as_of, inactivity, self.limits.weeks)
        if not len(at):
            return []
        silent = {piece: usage.churned(of, inactivity, at) for piece, of in gaps.items()}
        first, before = int(at[0]) - inactivity, len(at) - 1
        with held(star.engine, churn.subscriptions(star, top, first)) as subscribed:
            weeks = churn.in_weeks(subscribed, first, before, inactivity)
            cancelled = churn.weekly(by_code(weeks, ("begin", "end", "lost"), ("users",), top), before)
            now = churn.cancelling(subscribed, span.as_of, inactivity)
            last = {
                INACTIVITY: {
                    **{piece: (int(users[-1]), int(lost[-1])) for piece, (users, lost) in silent.items()},
                    **churn.by_pair(churn.recent(active, inactivity, span.as_of), top, self.limits.paired),
                },
                CANCELLATION: {**churn.by_single(now, top), **churn.by_pair(now, top, self.limits.paired)},
            }
        rows: list[list[Any]] = []
        for n, moment in enumerate(at[:-1].tolist()):
            for definition, found in ((INACTIVITY, silent), (CANCELLATION, cancelled)):
                counts = {piece: (int(users[n]), int(lost[n])) for piece, (users, lost) in found.items()}
                rows += churn.told(moment, definition, counts)
        for definition, of_all in last.items():
            rows += churn.told(span.as_of, definition, of_all)
        return rows

    def _funnels(self, star: Star, top: Top, as_of: int) -> dict[str, pa.Table]:
        cohorts = {"week": self.limits.weeks, "month": self.limits.months}
        first = funnel.first_day(as_of, self.limits.weeks, self.limits.months)
        with held(star.engine, funnel.people(star, top, first)) as people:
            return {
                "funnel": pa.concat_tables(
                    funnel.funnel(people, grain, top, as_of, cohorts[grain]) for grain in CALENDAR
                ),
                "trials": pa.concat_tables(
                    funnel.trials(people, grain, top, as_of, cohorts[grain]) for grain in CALENDAR
                ),
            }

    def _joined(self, last: Tables, fresh: dict[str, pa.Table], span: Span) -> dict[str, pa.Table]:
        """Closed rows of the former run, then those of this one."""
        since, sliced = day(span.since), day(span.sliced)
        everybody = [pc.equal(last[name]["dimension"], "all") for name in ("activity", "lifecycle")]
        activity = last["activity"]
        kept = pc.less(activity["day"], since)
        recent = pc.or_(everybody[0], pc.greater_equal(activity["day"], sliced))
        parts = {"activity": [activity.filter(pc.and_(kept, recent)), fresh["activity"]]}
        told = pc.or_(everybody[1], pc.greater_equal(last["lifecycle"]["start"], sliced))
        parts["lifecycle"] = _by_grain(last["lifecycle"].filter(told), fresh["lifecycle"], GRAINS, span)
        for name in ("features", "conversion"):
            parts[name] = _by_grain(last[name], fresh[name], CALENDAR, span)
        lately = pc.equal(fresh["features"]["grain"], features.LAST_30_DAYS)
        parts["features"].append(fresh["features"].filter(lately))
        parts["churn"] = [_mondays(last["churn"], span, self.limits.weeks), fresh["churn"]]
        return fresh | {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _by_grain(last: pa.Table, fresh: pa.Table, grains: tuple[Any, ...], span: Span) -> list[pa.Table]:
    """Rows of each grain: former ones of periods that the fresh ones do not tell, then these."""
    parts = []
    for grain in grains:
        told = span.periods(grain)
        old = last.filter(pc.equal(last["grain"], grain))
        if len(told):
            old = old.filter(pc.less(old["start"], day(usage.first_start(grain, told))))
        parts += [old, fresh.filter(pc.equal(fresh["grain"], grain))]
    return parts


def _mondays(table: pa.Table, span: Span, weeks: int) -> pa.Table:
    """Former rows of the history that stay: singles, on Mondays that are closed and not too old."""
    days = table["at"].cast(pa.int32()).to_numpy().astype(np.int64)
    stay = (
        ((days + 3) % 7 == 0) & (days <= span.since) & (days < span.as_of) & (days >= span.as_of - 7 * weeks)
    )
    single = pc.equal(table["second"], "")
    return table.filter(pc.and_(pa.array(stay), single))
