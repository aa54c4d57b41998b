"""The batch jobs of a deployment, as its settings have them."""

from typing import Final

from batch_jobs.config import (
    EXPORTER,
    EXPORTER_ENVIRONMENT,
    SCHEDULER,
    SCHEDULER_ENVIRONMENT,
    BatchConfig,
    ExporterConfig,
    ReportConfig,
)
from ebbwatch.processes import archive_folder, archived_log, contact, results_address
from ebbwatch.settings import Settings

BATCH_COMMANDS: Final = {"scheduler": SCHEDULER, "exporter": EXPORTER}
BATCH_CARRIERS: Final = {"scheduler": SCHEDULER_ENVIRONMENT, "exporter": EXPORTER_ENVIRONMENT}


def batch_config(settings: Settings, topic: str | None = None, restarts: int = 0) -> BatchConfig:
    """Runs of jobs, and the scheduler.

    Args:
        topic: whose log is read; the one that the settings name, if None.
    """
    return BatchConfig(
        archive=archived_log(settings, topic or settings.topic),
        ledger=str(archive_folder(settings)),
        contact=contact(settings),
        folder=str(settings.home.absolute() / "batch"),
        results=results_address(settings),
        kept=settings.results_kept,
        facts=settings.facts(),
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
