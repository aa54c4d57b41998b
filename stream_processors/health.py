"""Whether a worker is well, and the port that says so: ``/metrics`` and ``/healthz``."""

from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry

from exposition import port as ports


class Health:
    """What the worker waits for at the moment; written by its loop, read by the port's thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, str] = {}
        self.assigned: list[int] = []
        self.serving: list[str] = []

    def waiting(self, service: str, why: str) -> None:
        """`service` is away."""
        self._waiting = self._waiting | {service: why}

    def well(self, service: str) -> None:
        """`service` answers."""
        if service in self._waiting:
            self._waiting = {s: w for s, w in self._waiting.items() if s != service}

    @property
    def waits(self) -> bool:
        """Whether a service is away."""
        return bool(self._waiting)

    def report(self) -> dict[str, Any]:
        """``status`` is ok or waiting; ``waiting_for`` says for what and why; ``serving`` are the models."""
        waiting = self._waiting
        return {
            "status": "waiting" if waiting else "ok",
            "waiting_for": waiting,
            "partitions": self.assigned,
            "serving": self.serving,
        }


def serve(host: str, port: int, registry: CollectorRegistry, health: Health) -> WSGIServer:
    """Serve what a process counts, and how it is; arguments as of `exposition.port.serve`."""
    return ports.serve(host, port, ports.of(registry), health.report, "metrics")
