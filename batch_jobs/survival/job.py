"""The job `survival`: how long users stay, who stays longer, and who comes back."""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from scipy.stats import norm

from batch_jobs.job import Progress, Tables
from batch_jobs.star.star import Star
from batch_jobs.survival import cox, logrank, schema
from batch_jobs.survival.counts import (
    ALL,
    OUTCOME,
    USERS,
    Values,
    by_group,
    by_outcome,
    coded,
    count,
    frequent,
    of_view,
    statuses,
)
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

PLAN: Final = "plan"
"""The dimension that a landmark's Cox model is adjusted for."""
MOST_PLANS: Final = 4


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
        self._lives = lives(star, options.prevalent)
        self._values = frequent(star, self._lives, options.groups, options.most_values)
        self._cells = by_outcome(star, self._lives, self._values)
        followed = of_view(self._cells, "passage", ())["duration"]
        self._days = min(options.most_days, int(followed.max())) if len(followed) else 0

    def view(self, view: str) -> None:
        """Curves and all that goes with them, by the dimensions as known at the origin."""
        cells = of_view(self._cells, view, tuple(self._values))
        self._statuses(view, statuses(self._cells, view))
        self._tell(view, by_group(cells, self._values))
        if view == "passage" and len(cells):
            kept = few_patterns(self._values, self._options.most_patterns)
            coarse = {name: cells[name].clip(upper=len(values)) for name, values in kept.items()}
            self._model(view, cells.assign(**coarse), kept)

    def landmark(self, day: int) -> None:
        """From a landmark day on, by what was known by then."""
        view = f"landmark_{day}"
        bands = {name: LANDMARK[name].labels for name in self._options.landmark_covariates}
        adjusted = {PLAN: self._values[PLAN][:MOST_PLANS]} if PLAN in self._values else {}
        table = from_landmark(self._star, self._lives, day, tuple(bands))
        keys = {name: table[name] for name in (*bands, *OUTCOME)}
        cells = count(
            self._star,
            table,
            {**keys, **{name: coded(table[name], known) for name, known in adjusted.items()}},
        )
        left, others = int(cells[USERS].sum()), statuses(self._cells, "passage")
        early = others.pop(INCLUDED, 0) - left
        self._statuses(view, others | {INCLUDED: left, "not followed that long": early})
        self._tell(view, by_group(cells, bands))
        if left:
            self._model(view, cells, {**bands, **adjusted})

    def returns(self) -> None:
        """Those who came back, apart from survival."""
        absent = absences(self._star, self._lives, self._values)
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
            name: pa.Table.from_pylist(self._rows[name], schema=kind)
            for name, kind in schema.TABLES.items()
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
