"""The port of the exporter: ``/metrics`` and ``/healthz``."""

import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST

from batch_jobs.exporter.page import Page

_PATIENCE_S: Final = 10


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = _PATIENCE_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Scrapes are not news."""


def serve(host: str, port: int, page: Page) -> WSGIServer:
    """Serve from a thread of its own.

    Args:
        port: 0 takes a free one; `server_port` of the result says which.
    """

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
                return [page.text()]
            case "/healthz":
                fault = page.fault
                start(
                    "503 Service Unavailable" if fault else "200 OK", [("Content-Type", "application/json")]
                )
                return [json.dumps({"status": "waiting" if fault else "ok", "fault": fault}).encode()]
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b"there are /metrics and /healthz\n"]

    server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="exporter", daemon=True).start()
    return server
