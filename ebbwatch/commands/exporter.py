"""``ebbwatch exporter``: results of the batch jobs as gauges for Prometheus."""

from functools import partial

from batch_jobs.config import EXPORTER, EXPORTER_ENVIRONMENT
from ebbwatch.batch import exporter_config
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from stream_processors.supervisor import Supervisor


def exporter() -> None:
    """Show the last results of the batch jobs to Prometheus, supervised; needs neither Kafka nor Redis."""
    supervise(
        Supervisor(
            partial(exporter_config, Settings()),
            command=EXPORTER,
            name="exporter",
            environment=EXPORTER_ENVIRONMENT,
        )
    )
