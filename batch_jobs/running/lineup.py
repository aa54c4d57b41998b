"""All jobs, in their order: a job that is not listed here does not exist.

Statistics and learners take seconds to load, and a run may need none of them: each job's are imported when it is run.
"""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from batch_jobs.config import BatchConfig, MoneyConfig
from batch_jobs.job import Deferred, Job, Part
from batch_jobs.running.kept import SCORES, SEGMENTS, VALUE

# ruff: noqa: PLC0415 - see above

EDITION: Final = 5
"""Raised when a job says other things of the same days than before: then nothing goes on from former results."""


def lineup(config: BatchConfig) -> Sequence[Part]:
    """Each job behind those that it needs.

    Raises:
        ValueError: a setting makes no sense.
    """
    folder, ledger, money = Path(config.folder), Path(config.ledger), config.money
    return (
        Part(Deferred("overview", _overview)),
        Part(Deferred("retention", _retention)),
        Part(Deferred("engagement", _engagement)),
        Part(Deferred("survival", _survival)),
        Part(Deferred("segments", partial(_segments, folder))),
        Part(Deferred("value", partial(_value, folder, ledger, money)), after=("segments",)),
        Part(Deferred("experiments", partial(_experiments, config.holdout))),
        Part(Deferred("learners", partial(_learners, config))),
    )


def _overview() -> Job:
    from batch_jobs.overview.overview import Overview

    return Overview()


def _retention() -> Job:
    from batch_jobs.cohorts.retention import Retention

    return Retention()


def _engagement() -> Job:
    from batch_jobs.engagement.engagement import Engagement

    return Engagement()


def _survival() -> Job:
    from batch_jobs.survival.job import Survival

    return Survival()


def _segments(folder: Path) -> Job:
    from batch_jobs.segments.job import Segments

    return Segments(folder / SEGMENTS)


def _value(folder: Path, ledger: Path, money: MoneyConfig) -> Job:
    from batch_jobs.value.job import Value
    from batch_jobs.value.risks import of_ledger

    places = folder / VALUE, folder / SEGMENTS, folder / SCORES
    return Value(*places, of_ledger(ledger), money.contact, money.margin, money.discount)


def _experiments(holdout: float) -> Job:
    from batch_jobs.experiments.job import Experiments
    from batch_jobs.experiments.settings import ExperimentSettings, with_alerts

    return Experiments(ExperimentSettings(shares=with_alerts(holdout)))


def _learners(config: BatchConfig) -> Job:
    from batch_jobs.learners.examples import newest
    from batch_jobs.learners.job import Learners
    from batch_jobs.learners.settings import LearnerSettings
    from online_model.refitted.candidates import candidates

    return Learners(
        partial(newest, Path(config.ledger)),
        partial(candidates, config.registry, config.key.encode()),
        time.monotonic,
        LearnerSettings(
            kinds=config.learners.kinds,
            budget_s=config.learners.seconds,
            candidates=config.learners.candidates,
            contact=config.money.contact,
        ),
    )
