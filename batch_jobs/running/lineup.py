"""All jobs, in their order: a job that is not listed here does not exist."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from batch_jobs.cohorts.retention import Retention
from batch_jobs.engagement.engagement import Engagement
from batch_jobs.job import Part
from batch_jobs.overview.overview import Overview
from batch_jobs.running.kept import SEGMENTS, VALUE
from batch_jobs.segments.job import Segments
from batch_jobs.survival.job import Survival
from batch_jobs.value.job import Value

EDITION: Final = 1
"""Raised when a job says other things of the same days than before: then nothing goes on from former results."""


def lineup(folder: Path) -> Sequence[Part]:
    """Each job behind those that it needs.

    Args:
        folder: on this machine, for what has a row a user.
    """
    segments = folder / SEGMENTS
    return (
        Part(Overview()),
        Part(Retention()),
        Part(Engagement()),
        Part(Survival()),
        Part(Segments(segments)),
        Part(Value(folder / VALUE, segments), after=("segments",)),
    )
