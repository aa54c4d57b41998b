"""What an API process is told at its start."""

import os
from typing import Final

import msgspec

from domain.settings import FactSettings

ENVIRONMENT: Final = "EBBWATCH_API_PROCESS"
"""Carries the configuration, as JSON, from the supervisor to its process."""


class ApiConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One API, of one or several processes."""

    host: str
    port: int
    processes: int
    kafka: str
    redis: str
    limits_redis: str
    """Redis without persistence for rate limits; losing it loses no decision."""
    topic: str
    dead_letter_topic: str
    control_topic: str
    alert_topic: str
    model_topic: str
    decision_topic: str
    command_topic: str
    topic_id: str
    lineage: str
    partitions: int
    registry: str
    registry_key: str
    archive: str
    """Folder of the ledger, where the trainer keeps it; need not be there."""
    results: str
    """Folder or address of what the batch jobs have found; need not be there."""
    batch: str
    """Folder of what batch jobs keep of single users, on this machine; need not be there."""
    workspaces: str
    """Folder of files that people send to the advisor, on this machine; need not be there."""
    workspace_days: int
    """After so many days one is deleted."""
    facts: FactSettings
    tier_medium: float
    tier_high: float
    contact_cost: float
    customer_value: float
    saving_chance: float
    per_second: int
    """Requests a second of a key that has no rate of its own; 0 for no limit."""
    patience_s: float = 2.0
    """So long a call waits for who carries out what it has written."""
    id_secret: str = ""
    """With it, user ids are replaced by a keyed hash at the door."""
    cors_origins: tuple[str, ...] = ()
    webhook_private: bool = False
    """Whether webhooks may go to loopback and private addresses."""
    webhook_breaker_failures: int = 10
    trainer: bool = True
    """Whether the deployment has one: readiness asks for it."""
    audit_log: str = ""
    """File of the audit log; empty for standard error."""
    restarts: int = 0


def from_environment() -> ApiConfig:
    """The configuration that the supervisor has passed."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=ApiConfig)
