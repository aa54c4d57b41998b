"""All jobs, in their order: a job that is not listed here does not exist."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from batch_jobs.cohorts.retention import Retention
from batch_jobs.config import BatchConfig
from batch_jobs.engagement.engagement import Engagement
from batch_jobs.experiments.job import Experiments
from batch_jobs.experiments.settings import ExperimentSettings, with_alerts
from batch_jobs.job import Part
from batch_jobs.learners.examples import newest
from batch_jobs.learners.job import Learners
from batch_jobs.learners.settings import LearnerSettings
from batch_jobs.overview.overview import Overview
from batch_jobs.running.kept import SCORES, SEGMENTS, VALUE
from batch_jobs.segments.job import Segments
from batch_jobs.survival.job import Survival
from batch_jobs.value.job import Value
from batch_jobs.value.risks import of_ledger
from online_model.refitted.candidates import candidates

EDITION: Final = 2
"""Raised when a job says other things of the same days than before: then nothing goes on from former results."""


def lineup(config: BatchConfig) -> Sequence[Part]:
    """Each job behind those that it needs.

    Raises:
        ValueError: a setting makes no sense.
    """
    folder, ledger, money = Path(config.folder), Path(config.ledger), config.money
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
    learners = Learners(
        partial(newest, ledger),
        partial(candidates, config.registry, config.key.encode()),
        time.monotonic,
        LearnerSettings(
            kinds=config.learners.kinds,
            budget_s=config.learners.seconds,
            candidates=config.learners.candidates,
            contact=money.contact,
        ),
    )
    return (
        Part(Overview()),
        Part(Retention()),
        Part(Engagement()),
        Part(Survival()),
        Part(Segments(segments)),
        Part(value, after=("segments",)),
        Part(Experiments(ExperimentSettings(shares=with_alerts(config.holdout)))),
        Part(learners),
    )
