"""``ebbwatch courier``: supervised, until SIGTERM or Ctrl-C."""

from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import courier_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.courier_config import ENVIRONMENT
from stream_processors.supervisor import COURIER, Supervisor


def courier() -> None:
    """Deliver alerts to webhooks until stopped; one for a deployment."""
    settings = Settings()
    open_deployment(settings)
    supervise(
        Supervisor(
            lambda restarts: courier_config(open_deployment(settings), restarts),
            away=AWAY,
            command=COURIER,
            name="courier",
            environment=ENVIRONMENT,
        )
    )
