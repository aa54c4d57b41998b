"""The port of a process: ``/metrics`` for Prometheus, ``/healthz`` for whoever starts it anew."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, disable_created_metrics, make_wsgi_app

Report = Mapping[str, Any]
"""``status`` is ok or waiting, and what else there is to say."""
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""Of WSGI."""

WELL: Final[Report] = {"status": "ok"}
_PATIENCE_S: Final = 10
"""For a caller that does not say what it wants."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = _PATIENCE_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Scrapes are not news."""


def of(registry: CollectorRegistry) -> App:
    """What a registry holds, in the text format of Prometheus."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the series, for what `rate` does not need
    made: App = make_wsgi_app(registry)
    return made


def serve(host: str, port: int, metrics: App, health: Callable[[], Report], name: str) -> WSGIServer:
    """Serve from a thread of its own, so that a busy loop still answers.

    Args:
        host: address to listen on.
        port: 0 takes a free one; `server_port` of the result says which.
        metrics: what answers `/metrics`.
        health: asked at each `/healthz`, from threads of the port: 503 unless its status is ok.
        name: of the thread.
    """

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                return metrics(environ, start)
            case "/healthz":
                report = health()
                status = "200 OK" if report["status"] == "ok" else "503 Service Unavailable"
                start(status, [("Content-Type", "application/json")])
                return [json.dumps(report).encode()]
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b"there are /metrics and /healthz\n"]

    server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name=name, daemon=True).start()
    return server
