"""The job: tables of all experiments."""

from datetime import date
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from batch_jobs.experiments import losses, outcomes
from batch_jobs.experiments.assigned import EPOCH, PROMOTION, assignments, first_assignments
from batch_jobs.experiments.compared import Compared, Facts, unassigned
from batch_jobs.experiments.looks import Row
from batch_jobs.experiments.schema import TABLES
from batch_jobs.experiments.settings import ExperimentSettings
from batch_jobs.job import Progress, Tables
from batch_jobs.star.star import Star


class Experiments:
    """Experiments by name, with the effect of every variant against the control.

    An experiment is what the log assigns users to, the alerts' holdout included. Promotions are compared where they
    have an assignment; where they have none the table says why not.
    """

    name = "experiments"

    def __init__(self, settings: ExperimentSettings | None = None) -> None:
        """
        Args:
            settings: as documented there if left out.
        """
        self._settings = settings or ExperimentSettings()

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """See `batch_jobs.experiments.schema`; rows in the order of their names."""
        first = first_assignments(assignments(star.treatments))
        progress("outcomes of the assigned", 0.0)
        cells = _frame(star, outcomes.cells(star, first, self._settings))
        progress("losses of the assigned", 0.5)
        lost = _frame(star, losses.cells(star, first, self._settings))
        promoted = _promotions(star)
        progress("comparisons", 0.9)
        found: dict[str, list[Row]] = {name: [] for name in TABLES}
        by_name = {str(name): rows for name, rows in cells.groupby("experiment")}
        for name in sorted(by_name.keys() | promoted.keys()):
            if name not in by_name:
                counts = {other: len(rows) for other, rows in by_name.items()}
                found["experiments"].append(unassigned(name, promoted[name], counts))
                continue
            mine = lost[lost["experiment"] == name]
            today = _number(star.as_of.date())
            facts = Facts(name, by_name[name], mine, promoted.get(name, 0), today, losses.known_until(star))
            compared = Compared(facts, self._settings)
            found["experiments"].append(compared.experiment())
            found["experiment_arms"] += compared.arms()
            found["experiment_effects"] += compared.effects()
            found["experiment_segments"] += compared.segments()
            found["experiment_looks"] += compared.looks()
        progress("done", 1.0)
        return {name: pa.Table.from_pylist(found[name], schema) for name, schema in TABLES.items()}


def _frame(star: Star, cells: Any) -> pd.DataFrame:
    """Sorted, so that sums of floats do not depend on the engine."""
    table = star.engine.to_pyarrow(cells)
    keys = [name for name in table.column_names if name not in ("users", "assigned", "crossed", "treated")]
    keys = [name for name in keys if not pa.types.is_floating(table.schema.field(name).type)]
    frame: pd.DataFrame = table.sort_by([(name, "ascending") for name in keys]).to_pandas()
    return frame


def _promotions(star: Star) -> dict[str, int]:
    """How many there are of each experiment; of none under the empty name."""
    made = star.treatments.filter(star.treatments.type == PROMOTION)
    counted = made.group_by(of=made.experiment.coalesce(ibis.literal(""))).agg(n=made.count())
    rows = star.engine.to_pyarrow(counted).to_pylist()
    return {row["of"]: int(row["n"]) for row in rows}


def _number(day: date) -> int:
    return day.toordinal() - EPOCH.toordinal()
