"""All jobs, in their order: a job that is not listed here does not exist."""

from collections.abc import Sequence

from batch_jobs.job import Part
from batch_jobs.overview.overview import Overview


def lineup() -> Sequence[Part]:
    """Each job behind those that it needs."""
    return (Part(Overview()),)
