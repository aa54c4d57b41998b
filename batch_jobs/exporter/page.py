"""The page that Prometheus reads: rendered once for each run, so that a scrape costs next to nothing."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from batch_jobs.exporter.families import FAMILIES, told
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results
from batch_jobs.results.run import Attempt, Run

log = logging.getLogger("ebbwatch.exporter")


class Job(NamedTuple):
    """What is known of a job."""

    name: str
    run: Run | None
    attempt: Attempt | None


class _Given(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """What was given."""
        return self._families


class Page:
    """Kept up to date by `refresh`, which one thread calls; `text` may be called by any."""

    def __init__(self, results: Results, now: Callable[[], int], restarts: int = 0) -> None:
        """
        Args:
            now: wall clock, ms.
        """
        self._results = results
        self._now = now
        self._restarts = restarts
        self._rendered: dict[str, tuple[str, bytes]] = {}
        self._jobs: list[Job] = []
        self.fault: str | None = None
        """Why the results cannot be read, or part of them; the former page stands."""

    def refresh(self) -> None:
        """Look which runs there are, and render those that are new."""
        faults: list[str] = []
        try:
            names = self._results.jobs()
        except ResultsError as fault:
            self.fault = str(fault)
            return
        for name in names:
            try:
                self._refresh(name)
            except ResultsError as fault:
                faults.append(str(fault))
            except Exception as fault:  # tables of another version: the other jobs are shown all the same
                log.exception("results of %s cannot be shown", name)
                faults.append(f"results of {name} cannot be shown: {type(fault).__name__}: {fault}")
        self.fault = "; ".join(faults) or None

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return b"".join([*(page for _, page in self._rendered.values()), _text(self._of_jobs())])

    def _refresh(self, name: str) -> None:
        run, attempt = self._results.current(name), self._results.attempt(name)
        known = {job.name: job for job in self._jobs} | {name: Job(name, run, attempt)}
        self._jobs = [known[job] for job in sorted(known)]
        if run is None or name not in FAMILIES or self._rendered.get(name, ("", b""))[0] == run.id:
            return
        found = self._results.read(name)
        if found is not None:
            read, tables = found
            self._rendered = self._rendered | {name: (read.id, _text(told(name, tables)))}

    def _of_jobs(self) -> Iterator[Metric]:
        jobs, now = self._jobs, self._now() / 1000
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
        duration = GaugeMetricFamily(
            "ebbwatch_job_duration_seconds", "How long it took.", labels=["batch_job"]
        )
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
        readable = GaugeMetricFamily("ebbwatch_exporter_readable", "1 while all results can be read.")
        readable.add_metric([], float(self.fault is None))
        yield readable
        restarts = GaugeMetricFamily(
            "ebbwatch_exporter_restarts", "Times that the supervisor has started this exporter anew."
        )
        restarts.add_metric([], self._restarts)
        yield restarts


def _text(families: Iterable[Metric]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(list(families)))
    return generate_latest(registry)
