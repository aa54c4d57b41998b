"""What a trainer tells Prometheus."""

from collections import Counter as Counts
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from online_model.tournament.decision import Decision
from stream_processors.judged_metrics import JudgedMetrics
from stream_processors.restarted import tell_restarts
from stream_processors.shown import Shown

_CHANGES: Final = ("promote", "roll_back")
"""Decisions that put another champion in place."""


class TrainerMetrics:
    """Metrics of one trainer process; labels are bounded, no user ids."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_trainer_{name}", meaning, labels, registry=registry)

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"ebbwatch_trainer_{name}", meaning, labels, registry=registry)

        self.learned = Shown(gauge("learned_examples", "Examples learned", "contestant"))
        self.size = Shown(gauge("learner_bytes", "Memory of a learner's state", "contestant"))
        self.champion = Shown(
            gauge("serves_ratio", "Share of the users that a contestant serves", "contestant")
        )
        self.serving = Shown(
            gauge("serving_version_info", "1 for each version that serves", "contestant", "version")
        )
        self.waiting = gauge("waiting_snapshots", "Predicted snapshots whose outcome is not due yet")
        self._items = counter("items", "Snapshots, outcomes and blocks by what became of them", "what")
        self._counted: Counts[str] | None = None
        self.lag = gauge("lag_records", "Records of a topic that are not read yet", "topic")
        self.clock = gauge("clock_timestamp_seconds", "Event time up to which all is learned")
        self.checkpoint = gauge("checkpoint_timestamp_seconds", "When the last checkpoint was written")
        self.at = gauge("judged_timestamp_seconds", "Event time up to which contestants were judged last")
        self.waits = counter("waits", "Retries while a service was away", "service")
        self._decisions = counter(
            "decisions", "Decisions of the tournament and of operators", "kind", "champion"
        )
        self._promoted = Shown(
            gauge(
                "promotion_timestamp_seconds",
                "When another champion was put in place last, by its kind",
                "champion",
            )
        )
        self._published = counter("published_versions", "Versions that went into the registry", "contestant")
        self.drifts = counter("drift_alarms", "Alarms of the drift watch", "cause")
        for cause in ("features", "error"):
            self.drifts.labels(cause)
        self.judged = JudgedMetrics(registry)
        tell_restarts(registry, "trainer", restarts, fenced=False)

    def counted(self, counts: Counts[str]) -> None:
        """Items so far, those of former processes too: what has come since the first call counts."""
        if self._counted is not None:
            for what, count in (counts - self._counted).items():
                self._items.labels(what).inc(count)
        self._counted = counts

    def decided(self, decision: Decision, now: float) -> None:
        """Something was decided at `now`, seconds since 1970."""
        champion = kind_of(decision.champion)
        self._decisions.labels(decision.kind, champion).inc()
        if decision.kind in _CHANGES:
            self._promoted.show({(champion,): now})

    def published(self, contestant: str) -> None:
        """A version of a contestant went into the registry."""
        self._published.labels(kind_of(contestant)).inc()


def kind_of(contestant: str) -> str:
    """Without the day at which a challenger began: counters are kept for ever."""
    return contestant.partition("@")[0]
