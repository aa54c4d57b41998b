"""What the process counts that works on workspaces; no label names a file, a workspace or who has sent it."""

from collections.abc import Callable, Collection
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from advisor.workspaces.outcomes import OUTCOMES, STEPS, Outcome, Step
from advisor.workspaces.survey import Survey, deleted
from advisor.workspaces.workspace import STATES

_BUCKETS: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800)
_GONE: Final = ("expired", "deleted")


class AdvisorMetrics:
    """Of one process."""

    def __init__(
        self, registry: CollectorRegistry, restarts: int = 0, now_ms: Callable[[], int] = lambda: 0
    ) -> None:
        """
        Args:
            now_ms: wall clock; asked at each scrape, so that an age grows also while nobody looks.
        """

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_advisor_{name}", meaning, labels, registry=registry)

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"ebbwatch_advisor_{name}", meaning, labels, registry=registry)

        self._steps = counter(
            "steps",
            "Steps that have ended: succeeded, failed (the file was refused), cancelled (or the workspace "
            "deleted), out_of_memory, out_of_time, killed, crashed",
            "step",
            "outcome",
        )
        self._seconds = Histogram(
            "ebbwatch_advisor_step_seconds",
            "From the start of a step's process to its end, of steps that have succeeded",
            ["step"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._running = gauge("running_steps", "Steps that are worked on now", "step")
        self._workspaces = gauge("workspaces", "Workspaces that are kept", "state")
        self._waiting = gauge(
            "waiting_workspaces", "Workspaces for which a step is to be done that has not begun"
        )
        self._bytes = gauge("stored_bytes", "All that is kept of them, once a minute")
        self._gone = counter(
            "gone_workspaces", "Workspaces that have expired, or that somebody deleted", "reason"
        )
        self._looked = gauge("look_timestamp_seconds", "When it last looked for work")
        self._known: frozenset[str] = frozenset()
        self._since_ms: int | None = None
        self._now_ms = now_ms
        gauge("oldest_waiting_seconds", "Age of the step that waits longest, 0 if none does").set_function(
            self._oldest
        )
        gauge("restarts", "Times that the supervisor has started it anew").set(restarts)
        # a counter that is not told before its first one shows no increase by it
        for step in STEPS:
            self._running.labels(step)
            self._seconds.labels(step)
            for outcome in OUTCOMES:
                self._steps.labels(step, outcome)
        for reason in _GONE:
            self._gone.labels(reason)

    def begun(self, step: Step) -> None:
        """Its process runs."""
        self._running.labels(step).inc()

    def ended(self, step: Step, outcome: Outcome, seconds: float) -> None:
        """Its process has ended."""
        self._running.labels(step).dec()
        self._steps.labels(step, outcome).inc()
        if outcome == "succeeded":
            self._seconds.labels(step).observe(seconds)

    def looked(self) -> None:
        """Work was looked for, and begun if there was some."""
        self._looked.set(self._now_ms() / 1000)

    def standing(self, survey: Survey, expired: Collection[str] = ()) -> None:
        """How all workspaces stand.

        Args:
            expired: ids of those that have gone by themselves since the last time.
        """
        for state in STATES:
            self._workspaces.labels(state).set(survey.states[state])
        self._waiting.set(survey.waiting)
        self._since_ms = survey.since_ms
        self._gone.labels("expired").inc(len(expired))
        self._gone.labels("deleted").inc(deleted(self._known, survey.ids, expired))
        self._known = survey.ids

    def stored(self, size: int) -> None:
        """Bytes of all of them."""
        self._bytes.set(size)

    def _oldest(self) -> float:
        since = self._since_ms
        return 0.0 if since is None else max(0.0, (self._now_ms() - since) / 1000)
