"""``ebbwatch trainer``: the one trainer of a deployment, supervised, until SIGTERM or Ctrl-C."""

import logging
import signal
import sys

import typer

from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import trainer_config
from ebbwatch.settings import Settings
from stream_processors.supervisor import TRAINER, Supervisor


def trainer() -> None:
    """Learn from snapshots and outcomes, and decide which model serves, until stopped; one for a deployment."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("kafka").setLevel(logging.WARNING)
    settings = Settings()
    open_deployment(settings)
    supervisor = Supervisor(
        lambda restarts: trainer_config(open_deployment(settings), restarts),
        away=AWAY,
        command=TRAINER,
        name="trainer",
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    raise typer.Exit(supervisor.run())
