"""All jobs, in their order: a job that is not listed here does not exist."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from batch_jobs.cohorts.retention import Retention
from batch_jobs.config import MoneyConfig
from batch_jobs.engagement.engagement import Engagement
from batch_jobs.experiments.job import Experiments
from batch_jobs.experiments.settings import ExperimentSettings, with_alerts
from batch_jobs.job import Part
from batch_jobs.overview.overview import Overview
from batch_jobs.running.kept import SCORES, SEGMENTS, VALUE
from batch_jobs.segments.job import Segments
from batch_jobs.survival.job import Survival
from batch_jobs.value.job import Value
from batch_jobs.value.risks import of_ledger

EDITION: Final = 3
"""Raised when a job says other things of the same days than before: then nothing goes on from former results."""


def lineup(folder: Path, ledger: Path, money: MoneyConfig, holdout: float) -> Sequence[Part]:
    """Each job behind those that it needs.

    Args:
        folder: on this machine, for what has a row a user.
        ledger: folder of the ledger.
        holdout: share of the users whom alerts leave alone.
    """
    segments = folder / SEGMENTS
    value = Value(
        folder / VALUE,
        segments,
        folder / SCORES,
        of_ledger(ledger),
        money.contact,
        money.margin,
        money.discount,
    )
    return (
        Part(Overview()),
        Part(Retention()),
        Part(Engagement()),
        Part(Survival()),
        Part(Segments(segments)),
        Part(value, after=("segments",)),
        Part(Experiments(ExperimentSettings(shares=with_alerts(holdout)))),
    )
