"""``ebbwatch console``: the pages for people, supervised, until SIGTERM or Ctrl-C."""

from functools import partial

from console.config import COMMAND, ENVIRONMENT
from ebbwatch.processes import console_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.supervisor import Supervisor


def console() -> None:
    """Serve the pages for people until stopped; it needs the API's address alone."""
    supervise(
        Supervisor(
            partial(console_config, Settings()),
            command=COMMAND,
            name="console",
            environment=ENVIRONMENT,
        )
    )
