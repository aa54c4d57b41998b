"""The jobs that are measured, by name; those that are not there yet are left out and said to be."""

from importlib import import_module
from typing import Final

from batch_jobs.job import Job

JOBS: Final = {
    "retention": "batch_jobs.cohorts.retention:Retention",
    "engagement": "batch_jobs.engagement.engagement:Engagement",
    "survival": "batch_jobs.survival.job:Survival",
    "value": "batch_jobs.value.job:Value",
}
"""Module and class of each."""


def found() -> tuple[list[Job], list[str]]:
    """Jobs that can be run, and names of those that are not there."""
    jobs: list[Job] = []
    missing = []
    for name, address in JOBS.items():
        module, _, attribute = address.partition(":")
        try:
            jobs.append(getattr(import_module(module), attribute)())
        except ModuleNotFoundError:
            missing.append(name)
    return jobs, missing
