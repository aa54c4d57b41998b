"""What the processes of the batch jobs are told at their start."""

import os
import sys
from typing import Final

import msgspec

from batch_jobs.learners.settings import KINDS
from domain.settings import FactSettings
from online_model.thresholds import Contact

EXPORTER: Final = (sys.executable, "-m", "batch_jobs.exporter")
SCHEDULER_ENVIRONMENT: Final = "EBBWATCH_BATCH_PROCESS"
"""Carries the configuration of the scheduler, as JSON, from the supervisor to its process."""
EXPORTER_ENVIRONMENT: Final = "EBBWATCH_EXPORTER_PROCESS"
"""Likewise of the exporter."""


class ReportConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The weekly report, and whom it reaches."""

    weekday: int = 0
    """With whose beginning the week ends, 0 for Monday."""
    smtp_url: str = ""
    sender: str = ""
    receivers: tuple[str, ...] = ()
    hook: str = ""
    """Secret address of a chat's webhook."""
    public_url: str = ""
    """At which people reach the API."""


class MoneyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the job `value` reckons with."""

    contact: Contact = Contact()
    margin: float = 1.0
    """Share of revenue that is margin."""
    discount: float = 0.10
    """A year."""


class LearnersConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the job `learners` spends, and whom it lets into the tournament."""

    kinds: tuple[str, ...] = KINDS
    seconds: float = 600.0
    """For tuning."""
    candidates: int | tuple[str, ...] = 1
    """So many models, the best first, or those of these kinds."""


class BatchConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of jobs."""

    archive: str
    """Folder or address of the archived log."""
    folder: str
    """On this machine, for what is worked with: the star, members of segments, what does not fit into memory."""
    results: str
    """Folder or address of what is found."""
    kept: int
    """Former results of each job."""
    ledger: str
    """Folder of the ledger; need not be there."""
    facts: FactSettings
    money: MoneyConfig
    learners: LearnersConfig = LearnersConfig()
    registry: str
    """Address of the model versions, with the candidates below it."""
    key: str
    """Secret that signs them, as text."""
    holdout: float = 0.0
    """Share of the users whom alerts leave alone: of the experiment that they are."""
    memory_mb: int = 1000
    """Of the engine, at most; what does not fit it spills into the folder."""
    threads: int = 2
    """Of the engine."""
    look_s: float
    minute: int
    """After midnight UTC, of the look that mostly finds a new day."""
    report: ReportConfig
    restarts: int = 0


class ExporterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The exporter; any number of them may run."""

    results: str
    host: str
    port: int
    restarts: int = 0


def scheduler_config() -> BatchConfig:
    """The configuration that the supervisor has passed to the scheduler."""
    return msgspec.json.decode(os.environ[SCHEDULER_ENVIRONMENT], type=BatchConfig)


def exporter_config() -> ExporterConfig:
    """That of the exporter."""
    return msgspec.json.decode(os.environ[EXPORTER_ENVIRONMENT], type=ExporterConfig)
