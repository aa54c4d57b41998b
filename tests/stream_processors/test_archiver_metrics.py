from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from stream_processors.archiver_metrics import ArchiverMetrics


def told(archive: str) -> str:
    registry = CollectorRegistry()
    ArchiverMetrics(registry, archive)
    return generate_latest(registry).decode()


class TestDisk:
    def test_is_told_before_the_archive_is_there(self, tmp_path: Path) -> None:
        lines = dict(
            line.split() for line in told(str(tmp_path / "not" / "yet")).splitlines() if line[0] != "#"
        )

        assert (
            0
            < float(lines["ebbwatch_archiver_disk_free_bytes"])
            < float(lines["ebbwatch_archiver_disk_bytes"])
        )

    def test_of_an_object_store_nothing_can_be_told(self) -> None:
        assert "ebbwatch_archiver_disk" not in told("s3://bucket/log")
