"""The port of the exporter: ``/metrics`` and ``/healthz``."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import CONTENT_TYPE_LATEST

from batch_jobs.exporter.page import Page
from exposition import port as ports


def serve(host: str, port: int, page: Page) -> WSGIServer:
    """Serve the page as it was last rendered, and whether it could be; `port` as of `exposition.port.serve`."""

    def rendered(_: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [page.text()]

    def health() -> ports.Report:
        fault = page.fault
        return {"status": "waiting" if fault else "ok", "fault": fault}

    return ports.serve(host, port, rendered, health, "exporter")
