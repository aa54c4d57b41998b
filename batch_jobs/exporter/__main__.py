"""The exporter's process: ``python -m batch_jobs.exporter``, started by the supervisor."""

import logging
import signal
import threading
import time
from typing import Final

from batch_jobs.config import ExporterConfig, exporter_config
from batch_jobs.exporter.page import Page
from batch_jobs.exporter.port import serve
from batch_jobs.results.results import open_results
from logs.beginning import begin

log = logging.getLogger("ebbwatch.exporter")

_LOOK_S: Final = 5.0


def main(config: ExporterConfig) -> None:
    """Until told to stop."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    page = Page(open_results(config.results), lambda: int(time.time() * 1000), config.restarts)
    page.refresh()
    port = serve(config.host, config.port, page)
    log.info("metrics and health on %s:%s", config.host, port.server_port)
    told: str | None = None
    while not stopping.wait(_LOOK_S):
        page.refresh()
        if page.fault != told:
            told = page.fault
            log.warning("%s", told or "all results can be read again")
    port.shutdown()


if __name__ == "__main__":
    begin("exporter")
    main(exporter_config())
