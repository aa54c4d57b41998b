"""``ebbwatch advisor``: works on the files that people send, supervised, until SIGTERM or Ctrl-C."""

from functools import partial

from advisor.workspaces.config import COMMAND, ENVIRONMENT
from ebbwatch.processes import advisor_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.supervisor import Supervisor


def advisor() -> None:
    """Read, map and train on workspaces until stopped; one for a folder of workspaces, on the machine of the API."""
    supervise(
        Supervisor(
            partial(advisor_config, Settings()),
            command=COMMAND,
            name="advisor",
            environment=ENVIRONMENT,
        )
    )
