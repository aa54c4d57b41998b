"""What a worker tells Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class WorkerMetrics:
    """Metrics of one worker process; labels are bounded, no user ids."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        self.records = Counter(
            "ebbwatch_records", "Records of the log by outcome", ["outcome", "reason"], registry=registry
        )
        self.lag = Gauge(
            "ebbwatch_consumer_lag_records", "Records not yet applied", ["partition"], registry=registry
        )
        self.clock = Gauge(
            "ebbwatch_clock_timestamp_seconds", "Latest clock mark", ["partition"], registry=registry
        )
        self.age = Histogram(
            "ebbwatch_batch_age_seconds",
            "From Kafka's time of a batch's last record to its write",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch = Histogram(
            "ebbwatch_batch_seconds", "Whole way of a batch", buckets=_SECONDS, registry=registry
        )
        self.write = Histogram(
            "ebbwatch_write_seconds", "Fenced write of a batch", buckets=_SECONDS, registry=registry
        )
        self.batch_records = Histogram(
            "ebbwatch_batch_records",
            "Records in a batch",
            buckets=(1, 10, 100, 1000, 10_000),
            registry=registry,
        )
        self.users = Counter("ebbwatch_states_written", "User states written", registry=registry)
        self.waits = Counter(
            "ebbwatch_waits", "Retries while a service was away", ["service"], registry=registry
        )
        self.restarts = Gauge(
            "ebbwatch_worker_restarts",
            "Times that the supervisor has started this worker anew",
            registry=registry,
        )
        self.restarts.set(restarts)
        self.alerts = Counter(
            "ebbwatch_alerts", "Alerts by kind, and whether they are to be sent on", ["kind", "deliver"],
            registry=registry,
        )  # fmt: skip
        self.brake = Gauge(
            "ebbwatch_alerts_held", "1 while the brake holds alerts back", ["partition"], registry=registry
        )

        self.refused_versions = Counter(
            "ebbwatch_refused_versions", "Announced models that could not be taken", registry=registry
        )
        self.swap = Histogram(
            "ebbwatch_swap_seconds", "Pause of scoring for a new version",
            buckets=(0.00001, 0.0001, 0.001, 0.01, 0.05, 0.1), registry=registry,
        )  # fmt: skip

    def count(self, outcome: str, by: int) -> None:
        """Add records of one outcome, given as in the store: ``applied``, ``dead_letter:<reason>``."""
        kind, _, reason = outcome.partition(":")
        self.records.labels(kind, reason).inc(by)
