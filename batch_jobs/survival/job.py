"""The job `survival`: how long users stay, who stays longer, and who comes back."""

from collections.abc import Iterator, Mapping
from datetime import date
from math import prod
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from scipy.stats import norm

from batch_jobs.job import Progress, Tables
from batch_jobs.star.star import Star
from batch_jobs.survival import cox, logrank, schema
from batch_jobs.survival.counts import ALL, Values, by_group, coded, followed, frequent, included, statuses
from batch_jobs.survival.covariates import LANDMARK, check_groups, check_landmark
from batch_jobs.survival.curve import fit
from batch_jobs.survival.groups import (
    HAZARDS,
    Group,
    Row,
    at,
    curve_rows,
    fitted,
    hazard_rows,
    mean_rows,
    median_row,
    milestone_rows,
)
from batch_jobs.survival.lives import INCLUDED, VIEWS
from batch_jobs.survival.options import Options
from batch_jobs.survival.returns import absences, share
from batch_jobs.survival.tallies import PLAN, USERS, Tallies, kept, tallies

MOST_PLANS: Final = 4
"""Values of the plan that a landmark's Cox model is adjusted for."""


class Survival:
    """See docs/survival.md."""

    name = "survival"

    def __init__(self, options: Options | None = None) -> None:
        """Refuse covariates that know the future.

        Raises:
            JobError: a covariate was not known when the comparison begins.
        """
        self.options: Final = options or Options()
        check_groups(self.options.groups)
        check_landmark(self.options.landmark_covariates)

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """Tables of `batch_jobs.survival.schema`; empty where there are no users.

        A definition of churn without silence has no view `onset`.
        """
        return self._tables(star, None, star.as_of.date(), progress)

    def refresh(self, star: Star, last: Tables, since: date, progress: Progress) -> Tables:
        """The same tables; of users only those are read of whom something is new.

        Args:
            last: tables of a former run, with the same options and settings.
            since: first day of which anything but the users has changed since then. Late events count as changes of
                their day, and an erasure as one of the user's first.
        """
        return self._tables(star, last, since, progress)

    def _tables(self, star: Star, last: Tables | None, since: date, progress: Progress) -> Tables:
        progress("users by state", 0.0)
        found = tallies(star, self.options, last, since)
        run = _Run(star, self.options, found)
        views = VIEWS if star.settings.churn != "cancellation" else VIEWS[:1]
        steps: list[tuple[str, Any]] = [(view, lambda view=view: run.view(view)) for view in views]
        steps += [("returns", run.returns)]
        steps += [(f"landmark_{day}", lambda day=day: run.landmark(day)) for day in self.options.landmarks]
        for number, (name, step) in enumerate(steps):
            progress(name, 0.5 + 0.5 * number / len(steps))
            step()
        progress("done", 1.0)
        return {**run.tables(), **kept(star, found)}


class _Run:
    """One call of the job: rows as they are found."""

    def __init__(self, star: Star, options: Options, found: Tallies) -> None:
        self._star, self._options, self._found = star, options, found
        self._z = float(norm.ppf(1 - options.alpha / 2))
        self._rows: dict[str, list[Row]] = {name: [] for name in schema.TABLES if name not in schema.KEPT}
        self._curves: list[dict[str, Any]] = []
        self._passage = followed(star, found.lives, "passage", options.prevalent)
        inside = self._passage[self._passage["status"] == INCLUDED]
        self._values = frequent(inside, options.groups, options.most_values)
        longest = int(inside["duration"].max()) if len(inside) else 0
        self._days = min(options.most_days, longest)

    def view(self, view: str) -> None:
        """Curves and all that goes with them, by the dimensions as known at the origin."""
        passage = view == "passage"
        whole = (
            self._passage
            if passage
            else followed(self._star, self._found.lives, view, self._options.prevalent)
        )
        cells = included(coded(whole, self._values), tuple(self._values))
        self._statuses(view, statuses(whole))
        self._tell(view, by_group(cells, self._values))
        if passage and len(cells):
            few = few_patterns(self._values, self._options.most_patterns)
            coarse = {name: cells[name].clip(upper=len(values)) for name, values in few.items()}
            self._model(view, cells.assign(**coarse), few)

    def landmark(self, day: int) -> None:
        """From a landmark day on, by what was known by then: of users who are at risk and followed after that day.

        They enter at its end, whatever their fate.
        """
        view = f"landmark_{day}"
        bands = {name: LANDMARK[name].labels for name in self._options.landmark_covariates}
        adjusted = {PLAN: self._values[PLAN][:MOST_PLANS]} if PLAN in self._values else {}
        own = self._found.landmarks[self._found.landmarks["landmark"] == day]
        own = followed(self._star, own, "passage", self._options.prevalent)
        own = own[own["duration"] > day]
        own = own.assign(entry=own["entry"].clip(lower=day))
        cells = included(coded(own, adjusted), (*bands, *adjusted))
        left, others = int(cells[USERS].sum()), statuses(self._passage)
        early = others.pop(INCLUDED, 0) - left
        self._statuses(view, others | {INCLUDED: left, "not followed that long": early})
        self._tell(view, by_group(cells, bands))
        if left:
            self._model(view, cells, {**bands, **adjusted})

    def returns(self) -> None:
        """Those who came back, apart from survival."""
        absent = absences(self._star, coded(self._found.absences, self._values))
        for (kind, name), counts in by_group(absent, self._values).items():
            head = {"group_kind": kind, "group": name}
            own = share(counts, self._z)
            small = own.lost < self._options.least_users
            self._rows["returns"].append({**head, **own._asdict(), "small": small})
            curve = fit(counts, max(self._options.milestones), self._options.alpha)
            for day in self._options.milestones:
                away = at(curve, day)
                back = {
                    mine: None if away[theirs] is None else 1 - away[theirs]
                    for mine, theirs in (("share", "survival"), ("lower", "upper"), ("upper", "lower"))
                }
                self._rows["return_milestones"].append(
                    {**head, "day": day, **back, "at_risk": away["at_risk"]}
                )

    def tables(self) -> dict[str, pa.Table]:
        """What was found, in the order of views, kinds and groups."""
        found = {
            name: pa.Table.from_pylist(rows, schema=schema.TABLES[name])
            for name, rows in self._rows.items()
            if name != "curves"
        }
        parts = [pa.Table.from_pydict(columns, schema=schema.CURVES) for columns in self._curves]
        return {"curves": pa.concat_tables(parts) if parts else schema.CURVES.empty_table(), **found}

    def _tell(self, view: str, counts: Mapping[tuple[str, str], pd.DataFrame]) -> None:
        options, rows = self._options, self._rows
        groups = [fitted(view, kind, name, own, self._days, options) for (kind, name), own in counts.items()]
        for group in groups:
            self._curves.append(curve_rows(group, self._days))
            rows["medians"].append(median_row(group))
            rows["milestones"] += milestone_rows(group, options.milestones)
            rows["restricted_mean"] += mean_rows(group, options.milestones, self._z)
            if view == HAZARDS:
                rows["hazard"] += hazard_rows(group, options.alpha, self._z)
        rows["logrank"] += _tests(view, groups)

    def _model(self, view: str, counts: pd.DataFrame, covariates: Values) -> None:
        options = self._options
        for term in cox.terms(counts, covariates, options.alpha, options.least_events):
            self._rows["cox"].append({"view": view, **term._asdict()})

    def _statuses(self, view: str, found: Mapping[str, int]) -> None:
        self._rows["population"] += (
            {"view": view, "status": status, "users": users} for status, users in sorted(found.items())
        )


def few_patterns(values: Values, most: int) -> Values:
    """Values that a Cox model tells apart: the same number of each dimension, so that the cells stay few.

    As many as leave at most so many combinations, but one of each dimension in any case.
    """
    for size in range(max(map(len, values.values()), default=0), 1, -1):
        kept = {name: known[:size] for name, known in values.items()}
        if prod(len(known) + 1 for known in kept.values()) <= most:
            return kept
    return {name: known[:1] for name, known in values.items()}


def _tests(view: str, groups: list[Group]) -> Iterator[Row]:
    kinds = dict.fromkeys(group.kind for group in groups if group.kind != ALL)
    for kind in kinds:
        tables = {group.name: group.curve.table for group in groups if group.kind == kind and not group.small}
        for found in logrank.comparisons(tables):
            yield {"view": view, "group_kind": kind, **found._asdict()}
