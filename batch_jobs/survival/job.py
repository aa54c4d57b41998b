"""The job `survival`: how long users stay, who stays longer, and who comes back."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table
from scipy.stats import norm

from batch_jobs.job import Progress, Tables
from batch_jobs.star.star import Star
from batch_jobs.survival import cox, logrank, schema
from batch_jobs.survival.counts import ALL, OTHER, among, count, frequent, included, rolled_up, statuses
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
from batch_jobs.survival.landmark import from_landmark
from batch_jobs.survival.lives import INCLUDED, VIEWS, lives
from batch_jobs.survival.options import Options
from batch_jobs.survival.returns import absences, share

Counts = dict[tuple[str, str], pd.DataFrame]
"""Weighted counts by kind and name of the group."""

PLAN: Final = "plan"
"""The dimension that a landmark's Cox model is adjusted for."""


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
        run = _Run(star, self.options)
        views = VIEWS if star.settings.churn != "cancellation" else VIEWS[:1]
        steps: list[tuple[str, Any]] = [(view, lambda view=view: run.view(view)) for view in views]
        steps += [("returns", run.returns)]
        steps += [(f"landmark_{day}", lambda day=day: run.landmark(day)) for day in self.options.landmarks]
        for number, (name, step) in enumerate(steps):
            progress(name, number / len(steps))
            step()
        progress("done", 1.0)
        return run.tables()


class _Run:
    """One call of the job: rows as they are found."""

    def __init__(self, star: Star, options: Options) -> None:
        self._star, self._options = star, options
        self._z = float(norm.ppf(1 - options.alpha / 2))
        self._rows: dict[str, list[Row]] = {name: [] for name in schema.TABLES}
        self._curves: list[dict[str, Any]] = []
        self._lives = lives(star, "passage", options.prevalent)
        self._inside = included(self._lives)
        self._days = 0
        self._kept: dict[str, tuple[str, ...]] = {}

    def view(self, view: str) -> None:
        """Curves and all that goes with them, by the dimensions as known at the origin."""
        table = self._lives if view == "passage" else lives(self._star, view, self._options.prevalent)
        self._statuses(view, statuses(self._star, table))
        inside = included(table)
        if view == "passage":
            self._kept = {
                name: frequent(self._star, inside, name, self._options.most_values)
                for name in self._options.groups
            }
        counts = self._by_dimension(inside)
        if view == "passage" and counts:
            self._days = min(self._options.most_days, int(counts[ALL, ALL]["duration"].max()))
        self._tell(view, counts)
        if view == "passage" and counts:
            kept = self._few_patterns()
            groups = {name: among(inside[name], values) for name, values in kept.items()}
            self._model(view, count(self._star, inside, groups), tuple(groups))

    def landmark(self, day: int) -> None:
        """From a landmark day on, by what was known by then."""
        view, options = f"landmark_{day}", self._options
        names = options.landmark_covariates
        table = from_landmark(self._star, self._inside, day, names)
        adjusted = {PLAN: among(table[PLAN], self._kept[PLAN][:4])} if self._kept.get(PLAN) else {}
        cells = count(self._star, table, {**{name: table[name] for name in names}, **adjusted})
        total = sum(row["users"] for row in self._rows["population"] if row["view"] == "passage")
        left = int(cells["users"].sum())
        self._statuses(view, {INCLUDED: left, "lost or not followed by then": total - left})
        if not left:
            return
        counts: Counts = {(ALL, ALL): rolled_up(cells)}
        for name in names:
            for label in LANDMARK[name].labels:
                own = cells[cells[name] == label]
                if len(own):
                    counts[name, label] = rolled_up(own)
        self._tell(view, counts)
        self._model(view, cells, (*names, *adjusted))

    def returns(self) -> None:
        """Those who came back, apart from survival."""
        absent = absences(self._star, self._inside)
        for (kind, name), counts in self._by_dimension(absent).items():
            head = {"group_kind": kind, "group": name}
            own = share(counts, self._z)
            self._rows["returns"].append(
                {**head, **own._asdict(), "small": own.lost < self._options.least_users}
            )
            curve = fit(counts, self._options.milestones[-1], self._options.alpha)
            for day in self._options.milestones:
                found = at(curve, day)
                stay, low, high = (found[key] for key in ("survival", "lower", "upper"))
                known = stay is not None
                self._rows["return_milestones"].append(
                    {
                        **head,
                        "day": day,
                        "share": 1 - stay if known else None,
                        "lower": 1 - high if known else None,
                        "upper": 1 - low if known else None,
                        "at_risk": found["at_risk"],
                    }
                )

    def tables(self) -> dict[str, pa.Table]:
        """What was found, in the order of views, kinds and groups."""
        found = {
            name: pa.Table.from_pylist(self._rows[name], schema=kind)
            for name, kind in schema.TABLES.items()
            if name != "curves"
        }
        parts = [pa.Table.from_pydict(columns, schema=schema.CURVES) for columns in self._curves]
        return {"curves": pa.concat_tables(parts) if parts else schema.CURVES.empty_table(), **found}

    def _by_dimension(self, table: Table) -> Counts:
        """Counts of all, and by each dimension; empty where there is nobody."""
        everyone = count(self._star, table)
        if not len(everyone):
            return {}
        counts: Counts = {(ALL, ALL): everyone}
        for kind, values in self._kept.items():
            cells = count(self._star, table, {kind: among(table[kind], values)})
            order = [*values, *([] if OTHER in values else [OTHER])]
            own = dict(tuple(cells.groupby(kind)))
            counts |= {(kind, name): rolled_up(own[name]) for name in order if name in own}
        return counts

    def _few_patterns(self) -> Mapping[str, tuple[str, ...]]:
        """Values that a Cox model tells apart, so few that the cells stay few: as many of each dimension as can
        be.
        """
        most = self._options.most_values
        while True:
            kept = {name: values[:most] for name, values in self._kept.items()}
            patterns = 1
            for values in kept.values():
                patterns *= len(values) + 1
            if patterns <= self._options.most_patterns or most == 1:
                return kept
            most -= 1

    def _tell(self, view: str, counts: Counts) -> None:
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

    def _model(self, view: str, counts: pd.DataFrame, covariates: tuple[str, ...]) -> None:
        options = self._options
        for term in cox.terms(counts, covariates, options.alpha, options.least_events):
            self._rows["cox"].append({"view": view, **term._asdict()})

    def _statuses(self, view: str, found: Mapping[str, int]) -> None:
        self._rows["population"] += (
            {"view": view, "status": status, "users": users} for status, users in sorted(found.items())
        )


def _tests(view: str, groups: list[Group]) -> Iterator[Row]:
    kinds = dict.fromkeys(group.kind for group in groups if group.kind != ALL)
    for kind in kinds:
        tables = {group.name: group.curve.table for group in groups if group.kind == kind and not group.small}
        for test in logrank.tests(tables):
            yield {"view": view, "group_kind": kind, **test._asdict()}
