"""The console's process: ``python -m console``, started by the supervisor."""

import logging

import uvicorn
from prometheus_client import CollectorRegistry

from console.application import create_app
from console.config import from_environment
from exposition import port as ports
from logs.beginning import begin

log = logging.getLogger("ebbwatch.console")


def main() -> None:
    """Serve until told to stop."""
    begin("console")
    config = from_environment()
    registry = CollectorRegistry()
    app = create_app(config, registry)
    # apart from the pages: who may come to these need not see how much they are used
    port = ports.serve(
        config.metrics_host, config.metrics_port, ports.of(registry), lambda: ports.WELL, "metrics"
    )
    log.info("metrics and health on %s:%s", config.metrics_host, port.server_port)
    uvicorn.run(
        app,
        host=config.host,
        port=config.port,
        ws="websockets-sansio",
        ws_max_size=1_000_000,
        log_config=None,
        access_log=False,  # paths carry user ids
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    port.shutdown()


if __name__ == "__main__":
    main()
