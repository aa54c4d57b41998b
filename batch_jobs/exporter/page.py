"""The page that Prometheus reads: rendered once for each run, so that a scrape costs next to nothing."""

import logging
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from batch_jobs.exporter.families import FAMILIES, told
from batch_jobs.exporter.jobs import Job, of_exporter, of_jobs
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results

log = logging.getLogger("ebbwatch.exporter")


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
        return b"".join([*(page for _, page in self._rendered.values()), _text(self._of_itself())])

    def _of_itself(self) -> Iterator[Metric]:
        yield from of_jobs(self._jobs, self._now() / 1000)
        yield from of_exporter(self._restarts, readable=self.fault is None)

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


def _text(families: Iterable[Metric]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(list(families)))
    return generate_latest(registry)
