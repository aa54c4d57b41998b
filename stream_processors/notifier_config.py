"""What the notifier is told at its start."""

import os
from typing import Final

import msgspec

from domain.triage import Rules

ENVIRONMENT: Final = "EBBWATCH_NOTIFIER"
"""Carries the configuration, as JSON, from the supervisor to its process."""


class NotifierConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The one notifier of a deployment."""

    kafka: str
    redis: str
    control_topic: str
    control_id: str
    """Kafka's id of that topic."""
    alert_topic: str
    archive: str
    """Folder of the ledger, from which erased users go."""
    alert_id: str
    """Kafka's id of that topic."""
    model_topic: str
    lineage: str
    triage: Rules
    inactivity_days: int
    horizon_days: int
    public_url: str = ""
    """Address at which people reach the API; begins the links in alerts."""
    smtp_url: str = ""
    """Mail server; no mail without it."""
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    digest_hour: int = 7
    """Of the day, UTC."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    """0 takes a free one."""
    restarts: int = 0


def from_environment() -> NotifierConfig:
    """The configuration that the supervisor has passed."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=NotifierConfig)
