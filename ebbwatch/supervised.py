"""A command that is one supervised process, until SIGTERM or Ctrl-C."""

import signal

import typer

from logs.beginning import begin
from stream_processors.supervisor import Supervisor


def supervise(supervisor: Supervisor) -> None:
    """Run it to its end; the exit code is the process's.

    Raises:
        typer.Exit: always.
    """
    begin("supervisor")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    raise typer.Exit(supervisor.run())
