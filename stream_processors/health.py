"""Whether a worker is well, and the port that says so: ``/metrics`` and ``/healthz``."""

import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, disable_created_metrics, make_wsgi_app


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


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Scrapes are not news."""


def serve(host: str, port: int, registry: CollectorRegistry, health: Health) -> WSGIServer:
    """Serve from a thread of its own, so that a busy loop still answers.

    Args:
        host: address to listen on.
        port: 0 takes a free one; `server_port` of the result says which.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the series, for what `rate` does not need
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/healthz":
            report = health.report()
            status = "200 OK" if report["status"] == "ok" else "503 Service Unavailable"
            start(status, [("Content-Type", "application/json")])
            return [json.dumps(report).encode()]
        return metrics(environ, start)  # type: ignore[no-any-return]

    server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
