"""``ebbwatch api``: supervised, until SIGTERM or Ctrl-C."""

from api.config import ENVIRONMENT
from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import api_config
from ebbwatch.rates import counting
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.supervisor import API, Supervisor


def api() -> None:
    """Serve the HTTP API until stopped; as many as there are machines for it."""
    open_deployment(Settings())
    with counting(Settings()) as settings:
        supervise(
            Supervisor(
                lambda restarts: api_config(open_deployment(settings), restarts),
                away=AWAY,
                command=API,
                name="api",
                environment=ENVIRONMENT,
            )
        )
