"""A process is asked what it counts and whether it is well, and for nothing else."""

import httpx
from prometheus_client import CollectorRegistry, Counter

from exposition.port import WELL, Report, of, serve


def test_a_port_answers_two_questions() -> None:
    registry = CollectorRegistry()
    Counter("ebbwatch_test_things_total", "Things.", registry=registry).inc(3)
    reports: list[Report] = [{"status": "waiting", "why": "no loop"}, WELL]
    port = serve("127.0.0.1", 0, of(registry), reports.pop, "metrics")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port.server_port}") as client:
            told = client.get("/metrics").text
            assert "ebbwatch_test_things_total 3.0" in told
            assert "_created" not in told, "twice the series, for what nobody asks"
            assert (client.get("/healthz").status_code, client.get("/elsewhere").status_code) == (200, 404)
            away = client.get("/healthz")
            assert (away.status_code, away.json()["why"]) == (503, "no loop")
    finally:
        port.shutdown()
        port.server_close()
