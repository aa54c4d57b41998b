"""``ebbwatch notifier``: supervised, until SIGTERM or Ctrl-C."""

from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import notifier_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.notifier_config import ENVIRONMENT
from stream_processors.supervisor import NOTIFIER, Supervisor


def notifier() -> None:
    """Project decisions, and send alerts on, until stopped; one for a deployment."""
    settings = Settings()
    open_deployment(settings)
    supervise(
        Supervisor(
            lambda restarts: notifier_config(open_deployment(settings), restarts),
            away=AWAY,
            command=NOTIFIER,
            name="notifier",
            environment=ENVIRONMENT,
        )
    )
