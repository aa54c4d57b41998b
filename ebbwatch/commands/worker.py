"""``ebbwatch worker``: one supervised worker, until SIGTERM or Ctrl-C."""

from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import instance_name, worker_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.supervisor import Supervisor


def worker() -> None:
    """Keep features in Redis from the events in Kafka, until stopped; start as many as there are cores."""
    settings = Settings()
    open_deployment(settings)
    name = instance_name(0)
    supervise(
        Supervisor(lambda restarts: worker_config(open_deployment(settings), name, restarts), away=AWAY)
    )
