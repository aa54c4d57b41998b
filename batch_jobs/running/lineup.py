"""All jobs, in their order: a job that is not listed here does not exist."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from batch_jobs.cohorts.retention import Retention
from batch_jobs.engagement.engagement import Engagement
from batch_jobs.job import Part
from batch_jobs.overview.overview import Overview
from batch_jobs.segments.job import Segments
from batch_jobs.survival.job import Survival
from batch_jobs.value.job import Value
from batch_jobs.value.risks import of_ledger
from online_model.thresholds import Contact

EDITION: Final = 2
"""Raised when a job says other things of the same days than before: then nothing goes on from former results."""


def lineup(folder: Path, ledger: Path, contact: Contact) -> Sequence[Part]:
    """Each job behind those that it needs.

    Args:
        folder: on this machine, for what has a row a user.
        ledger: folder in which the trainer keeps its ledger.
        contact: what it costs and may save.
    """
    segments = folder / "segments"
    return (
        Part(Overview()),
        Part(Retention()),
        Part(Engagement()),
        Part(Survival()),
        Part(Segments(segments)),
        Part(
            Value(folder / "value", segments, risks=of_ledger(ledger), contact=contact), after=("segments",)
        ),
    )
