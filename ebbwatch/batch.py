"""The batch jobs of a deployment, as its settings have them."""

import sys
from typing import Final

from batch_jobs.config import (
    EXPORTER,
    EXPORTER_ENVIRONMENT,
    SCHEDULER_ENVIRONMENT,
    BatchConfig,
    ExporterConfig,
    LearnersConfig,
    MoneyConfig,
    ReportConfig,
)
from ebbwatch.processes import (
    archive_folder,
    archived_log,
    batch_folder,
    contact_of,
    registry_address,
    registry_key_of,
    results_address,
)
from ebbwatch.settings import Settings

SCHEDULER: Final = (sys.executable, "-m", "ebbwatch.scheduling")

BATCH_COMMANDS: Final = {"scheduler": SCHEDULER, "exporter": EXPORTER}
BATCH_CARRIERS: Final = {"scheduler": SCHEDULER_ENVIRONMENT, "exporter": EXPORTER_ENVIRONMENT}


def batch_config(settings: Settings, topic: str | None = None, restarts: int = 0) -> BatchConfig:
    """Runs of jobs, and the scheduler.

    Args:
        topic: whose log is read; the one that the settings name, if None.

    Raises:
        KeyFileError: the registry's key cannot be used.
    """
    return BatchConfig(
        archive=archived_log(settings, topic or settings.topic),
        folder=str(batch_folder(settings)),
        results=results_address(settings),
        kept=settings.results_kept,
        ledger=str(archive_folder(settings).absolute()),
        facts=settings.facts(),
        holdout=settings.holdout,
        money=MoneyConfig(
            contact=contact_of(settings), margin=settings.margin, discount=settings.discount_rate
        ),
        learners=LearnersConfig(
            kinds=settings.learners, seconds=settings.learners_seconds, candidates=settings.candidates
        ),
        registry=registry_address(settings),
        key=registry_key_of(settings),
        memory_mb=settings.batch_memory,
        threads=settings.batch_threads,
        look_s=settings.batch_look,
        minute=settings.batch_minute,
        report=ReportConfig(
            weekday=settings.report_weekday,
            smtp_url=settings.smtp_url,
            sender=settings.mail_from,
            receivers=settings.report_to or settings.mail_to,
            hook=settings.report_hook,
            public_url=settings.public_url,
        ),
        restarts=restarts,
    )


def exporter_config(settings: Settings, restarts: int = 0) -> ExporterConfig:
    """The exporter."""
    return ExporterConfig(
        results=results_address(settings),
        host=settings.metrics_host,
        port=settings.exporter_port,
        restarts=restarts,
    )
