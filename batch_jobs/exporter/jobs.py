"""What the exporter says of the batch jobs themselves, and of itself."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily

from batch_jobs.results.run import Attempt, Run


class Job(NamedTuple):
    """What is known of a job."""

    name: str
    run: Run | None
    attempt: Attempt | None


def of_jobs(jobs: Iterable[Job], now: float) -> Iterator[GaugeMetricFamily]:
    """How old results are, and whether the last try was good.

    Args:
        now: wall clock, seconds since 1970.
    """
    success = GaugeMetricFamily(
        "ebbwatch_job_success",
        "1 if the last try of a batch job has succeeded or is under way.",
        labels=["batch_job"],
    )
    finished = GaugeMetricFamily(
        "ebbwatch_job_finished_timestamp_seconds",
        "When the last good run was finished.",
        labels=["batch_job"],
    )
    age = GaugeMetricFamily(
        "ebbwatch_job_age_seconds", "Since the last good run was finished.", labels=["batch_job"]
    )
    as_of = GaugeMetricFamily(
        "ebbwatch_job_as_of_timestamp_seconds", "Up to when all is known to it.", labels=["batch_job"]
    )
    duration = GaugeMetricFamily("ebbwatch_job_duration_seconds", "How long it took.", labels=["batch_job"])
    rows = GaugeMetricFamily("ebbwatch_job_rows", "Rows of its tables.", labels=["batch_job", "table"])
    for name, run, attempt in jobs:
        if attempt is not None:
            success.add_metric([name], float(attempt.fault is None))
        if run is None:
            continue
        finished.add_metric([name], run.finished / 1000)
        age.add_metric([name], max(0.0, now - run.finished / 1000))
        as_of.add_metric([name], datetime.combine(run.basis.as_of, time(), UTC).timestamp())
        duration.add_metric([name], (run.finished - run.begun) / 1000)
        for table, stored in run.tables.items():
            rows.add_metric([name, table], stored.rows)
    yield from (success, finished, age, as_of, duration, rows)


def of_exporter(restarts: int, *, readable: bool) -> Iterator[GaugeMetricFamily]:
    """Whether it can read them, and how often it was started anew."""
    able = GaugeMetricFamily("ebbwatch_exporter_readable", "1 while all results can be read.")
    able.add_metric([], float(readable))
    yield able
    anew = GaugeMetricFamily("ebbwatch_exporter_restarts", "Times that the supervisor has started it anew.")
    anew.add_metric([], restarts)
    yield anew
