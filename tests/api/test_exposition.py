import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from api.envelope import ApiMetrics
from api.exposition import SHARED, exposition, shared

COUNTING = """
from prometheus_client import CollectorRegistry, Gauge
from api.envelope import ApiMetrics
from api.exposition import LATEST, exposition
import sys
registry = CollectorRegistry()
metrics = ApiMetrics(registry)
lag = Gauge("lag", "-", registry=registry, multiprocess_mode=LATEST)
for _ in range(int(sys.argv[1])):
    metrics.count("/v1/users", "GET", 200, 0.003)
lag.set(int(sys.argv[1]))
print(exposition(registry).decode())
"""


def counted(times: int) -> str:
    """What a process of its own is told by, after so many requests."""
    command = [sys.executable, "-c", COUNTING, str(times)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def of(text: str, series: str) -> float:
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(series))


class TestShared:
    def test_any_of_several_processes_tells_of_all(self) -> None:
        with shared(2):
            first = counted(3)
            second = counted(4)

        requests = 'ebbwatch_api_requests_total{method="GET",route="/v1/users",status="200"}'
        assert of(first, requests) == 3
        assert of(second, requests) == 7
        assert of(second, 'ebbwatch_api_request_seconds_count{route="/v1/users",status="200"}') == 7
        assert of(second, "lag ") == 4

    def test_a_new_start_counts_from_nothing(self) -> None:
        with shared(2):
            counted(3)
            folder = Path(os.environ[SHARED])
        with shared(2):
            again = counted(1)

        assert not folder.exists()
        assert of(again, "ebbwatch_api_requests_total{") == 1

    def test_the_folder_of_a_process_that_was_killed_is_removed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        for name in (f"ebbwatch-api-metrics-{gone.pid}-x", f"ebbwatch-api-metrics-{os.getpid()}-x", "other"):
            (tmp_path / name).mkdir()

        with shared(2):
            left = {folder.name.rpartition("-")[0] for folder in tmp_path.iterdir()}

        assert left == {f"ebbwatch-api-metrics-{os.getpid()}", ""}
        assert (tmp_path / "other").exists()

    def test_one_process_alone_needs_no_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(SHARED, raising=False)
        registry = CollectorRegistry()
        ApiMetrics(registry).count("/v1/users", "GET", 200, 0.003)

        with shared(1):
            assert SHARED not in os.environ
            assert of(exposition(registry).decode(), "ebbwatch_api_requests_total{") == 1
