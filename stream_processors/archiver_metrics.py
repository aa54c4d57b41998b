"""What an archiver tells Prometheus."""

import shutil
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from stream_processors.restarted import tell_restarts


class Usage(NamedTuple):
    """Bytes of a disk."""

    total: int
    free: int


class ArchiverMetrics:
    """Metrics of one archiver process; no user ids."""

    def __init__(self, registry: CollectorRegistry, archive: str, restarts: int = 0) -> None:
        """
        Args:
            archive: its folder, whose disk is watched, or an address of which that cannot be told.
        """

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
        tell_restarts(registry, "archiver", restarts)
        if "://" not in archive:
            disk = Path(archive)
            gauge("disk_free_bytes", "Free on the disk of the archive").set_function(
                lambda: _usage(disk).free
            )
            gauge("disk_bytes", "Size of the disk of the archive").set_function(lambda: _usage(disk).total)


def _usage(folder: Path) -> Usage:
    """Of the disk on which the folder is, or will be."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there)
    return Usage(free.total, free.free)
