"""``ebbwatch worker``: one supervised worker, until SIGTERM or Ctrl-C."""

import logging
import signal
import sys

import typer

from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import instance_name, worker_config
from ebbwatch.settings import Settings
from stream_processors.supervisor import Supervisor


def worker() -> None:
    """Keep features in Redis from the events in Kafka, until stopped; start as many as there are cores."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("kafka").setLevel(logging.WARNING)
    settings = Settings()
    open_deployment(settings)
    name = instance_name(0)
    supervisor = Supervisor(
        lambda restarts: worker_config(open_deployment(settings), name, restarts), away=AWAY
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    raise typer.Exit(supervisor.run())
