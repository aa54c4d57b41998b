"""A command that is one supervised process, until SIGTERM or Ctrl-C."""

import logging
import signal
import sys

import typer

from stream_processors.supervisor import Supervisor


def supervise(supervisor: Supervisor) -> None:
    """Run it to its end; the exit code is the process's.

    Raises:
        typer.Exit: always.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("kafka").setLevel(logging.WARNING)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    raise typer.Exit(supervisor.run())
