"""``ebbwatch trainer``: the one trainer of a deployment, supervised, until SIGTERM or Ctrl-C."""

from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import trainer_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.supervisor import TRAINER, Supervisor


def trainer() -> None:
    """Learn from snapshots and outcomes, and decide which model serves, until stopped; one for a deployment."""
    settings = Settings()
    open_deployment(settings)
    supervise(
        Supervisor(
            lambda restarts: trainer_config(open_deployment(settings), restarts),
            away=AWAY,
            command=TRAINER,
            name="trainer",
        )
    )
