"""``ebbwatch archiver``: the one archiver of a deployment, supervised, until SIGTERM or Ctrl-C."""

from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import archiver_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.archiver_config import ENVIRONMENT
from stream_processors.supervisor import ARCHIVER, Supervisor


def archiver() -> None:
    """Write every record of the log to the archive, each once, until stopped; one for a deployment."""
    settings = Settings()
    open_deployment(settings)
    supervise(
        Supervisor(
            lambda restarts: archiver_config(open_deployment(settings), restarts),
            away=AWAY,
            command=ARCHIVER,
            name="archiver",
            environment=ENVIRONMENT,
        )
    )
