"""What a worker tells Prometheus."""

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.alerts import NEVER, TIERS, Tiers
from stream_processors.restarted import tell_restarts

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class WorkerMetrics:
    """Metrics of one worker process; labels are bounded, no user ids."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        self.records = Counter(
            "ebbwatch_worker_records",
            "Records of the log by outcome",
            ["outcome", "reason"],
            registry=registry,
        )
        self._outcomes: dict[str, Counter] = {}
        self.lag = Gauge(
            "ebbwatch_worker_lag_records", "Records not yet applied", ["partition"], registry=registry
        )
        self.clock = Gauge(
            "ebbwatch_worker_clock_timestamp_seconds", "Latest clock mark", ["partition"], registry=registry
        )
        self.age = Histogram(
            "ebbwatch_worker_batch_age_seconds",
            "From Kafka's time of a batch's last record to its write",
            buckets=_SECONDS,
            registry=registry,
        )
        self.end_to_end = Histogram(
            "ebbwatch_worker_end_to_end_seconds",
            "From Kafka's time of a batch's first record until the scores of the batch can be read",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch = Histogram(
            "ebbwatch_worker_batch_seconds", "Whole way of a batch", buckets=_SECONDS, registry=registry
        )
        self.write = Histogram(
            "ebbwatch_worker_write_seconds", "Fenced write of a batch", buckets=_SECONDS, registry=registry
        )
        self.batch_records = Histogram(
            "ebbwatch_worker_batch_records",
            "Records in a batch",
            buckets=(1, 10, 100, 1000, 10_000),
            registry=registry,
        )
        self.users = Counter("ebbwatch_worker_states_written", "User states written", registry=registry)
        self.waits = Counter(
            "ebbwatch_worker_waits", "Retries while a service was away", ["service"], registry=registry
        )
        tell_restarts(registry, "worker", restarts)
        self.alerts = Counter(
            "ebbwatch_worker_alerts", "Alerts by kind, and whether they are to be sent on", ["kind", "deliver"],
            registry=registry,
        )  # fmt: skip
        self.brake = Gauge(
            "ebbwatch_worker_alerts_held",
            "1 while the brake holds alerts back",
            ["partition"],
            registry=registry,
        )
        self._moves = Counter(
            "ebbwatch_worker_tier_moves",
            "Users whose tier has changed while the log was followed live",
            ["from", "to"],
            registry=registry,
        )
        self.refused_versions = Counter(
            "ebbwatch_worker_refused_versions", "Announced models that could not be taken", registry=registry
        )
        self.swap = Histogram(
            "ebbwatch_worker_swap_seconds", "Pause of scoring for a new version",
            buckets=(0.00001, 0.0001, 0.001, 0.01, 0.05, 0.1), registry=registry,
        )  # fmt: skip

    def count(self, outcome: str, by: int) -> None:
        """Add records of one outcome, given as in the store: ``applied``, ``dead_letter:<reason>``."""
        child = self._outcomes.get(outcome)
        if child is None:  # looking labels up costs more than counting
            kind, _, reason = outcome.partition(":")
            child = self._outcomes[outcome] = self.records.labels(kind, reason)
        child.inc(by)

    def moved(self, before: Tiers, after: Tiers) -> None:
        """Count users whose tier has changed, shapes (users,); a first score is no change."""
        rows = np.flatnonzero((before != after) & (before != NEVER))
        if not len(rows):
            return
        pairs = np.bincount(before[rows] * len(TIERS) + after[rows])
        for pair in np.flatnonzero(pairs).tolist():
            former, now = divmod(pair, len(TIERS))
            self._moves.labels(TIERS[former], TIERS[now]).inc(int(pairs[pair]))
