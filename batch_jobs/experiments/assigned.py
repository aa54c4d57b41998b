"""Who was assigned to what: the first assignment counts, whatever came of it.

Whoever is assigned to another variant later stays with the first one and is counted as crossed: to leave such users
out would choose by what happened after the lot (Hernán and Robins, "Causal Inference: What If", 2020, chapter 22).
"""

from datetime import date
from typing import Final

import ibis
from ibis.expr.types import Column, Table

from domain.treatments import EXPERIMENT as ALERTS

EPOCH: Final = date(1970, 1, 1)
ASSIGNMENT: Final = "experiment_assignment"
PROMOTION: Final = "promotion"
_OVER: Final = "over"
"""Ends the holdout of an alert, and is no variant."""


def number_of(column: Column) -> Column:
    """Of a column of dates: whole days since 1970-01-01."""
    return column.delta(EPOCH, unit="day").cast("int64")


def assignments(treatments: Table) -> Table:
    """Every assignment to a variant with a name, in lower case; of `batch_jobs.star.schema.TREATMENTS`.

    That includes the holdout of alerts, whose lots are assignments in the log like all others
    (`domain.treatments`). A lot that was drawn elsewhere enters as a table of the same columns.
    """
    named = treatments.filter(
        treatments.type == ASSIGNMENT,
        treatments.experiment.notnull(),
        treatments.variant.notnull(),
        treatments.experiment != "",
        treatments.variant != "",
    ).mutate(variant=treatments.variant.lower())
    over = (named.experiment == ALERTS) & (named.variant == _OVER)
    return named.filter(~over).select("experiment", "user", "variant", "time", "day")


def first_assignments(found: Table) -> Table:
    """One row a user and experiment: `experiment`, `user`, `variant`, `time`, `number` (of the day), `crossed`.

    Of two in the same millisecond the variant that comes first by name counts.
    """
    earliest = found.group_by("experiment", "user").agg(
        first=found.time.min(), crossed=found.variant.nunique() > 1
    )
    same = found.join(earliest, ["experiment", "user"])
    firsts = same.filter(same.time == same.first)
    return firsts.group_by("experiment", "user").agg(
        variant=firsts.variant.min(),
        time=firsts.time.min(),
        number=number_of(firsts.day.min()),
        crossed=ibis.ifelse(firsts.crossed, 1, 0).max().cast("int64"),
    )
