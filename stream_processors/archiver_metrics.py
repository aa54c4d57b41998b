"""What an archiver tells Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class ArchiverMetrics:
    """Metrics of one archiver process; no user ids."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_archiver_{name}", meaning, labels, registry=registry)

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"ebbwatch_archiver_{name}", meaning, labels, registry=registry)

        self.records = counter("records", "Records that have come into the archive")
        self.emptied = counter("emptied_rows", "Rows that erasures have emptied")
        self.compacted = counter("compacted_files", "Files that have gone into larger ones")
        self.vacuumed = counter("vacuumed_files", "Files that no version has needed any more")
        self.waits = counter("waits", "Retries while a service was away", "service")
        self.append = Histogram(
            "ebbwatch_archiver_append_seconds",
            "From a full batch to its commit",
            buckets=(0.1, 0.3, 1, 3, 10, 30),
            registry=registry,
        )
        self.lag = gauge("lag_records", "Records of a partition that are not in the archive yet", "partition")
        self.version = gauge("version", "Version of the table")
        self.committed = gauge("commit_timestamp_seconds", "When the last batch was committed")
        self.restarts = gauge("restarts", "Times that the supervisor has started this archiver anew")
        self.restarts.set(restarts)
