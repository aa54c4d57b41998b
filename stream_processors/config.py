"""What a worker is told at its start."""

import os
from typing import Final

import msgspec

from domain.alerts import Policy
from domain.settings import FactSettings

EXIT_LOST: Final = 75
"""The worker no longer owns what it worked on, or the log made a jump: start anew and it goes on."""
EXIT_REFUSED: Final = 78
"""The store does not fit the log or the settings: starting anew would not help."""

ENVIRONMENT: Final = "EBBWATCH_WORKER"
"""Carries the configuration, as JSON, from the supervisor to its worker."""


LOST: Final = "EBBWATCH_LOST_RESTARTS"
"""Carries from the supervisor to any process how often one had to end with `EXIT_LOST`."""


class WorkerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One worker process."""

    kafka: str
    redis: str
    topic: str
    topic_id: str
    partitions: int
    generation: int
    dead_letter_topic: str
    model_topic: str
    registry: str
    """Address of the model versions."""
    registry_key: str
    """Secret that signs them."""
    snapshot_topic: str
    outcome_topic: str
    alert_topic: str
    group: str
    instance: str
    """Static member id: the same after a restart, so that no rebalance follows."""
    facts: FactSettings
    clock_lag_ms: int
    mark_interval_s: float
    metrics_host: str = "127.0.0.1"
    metrics_port: int
    restarts: int = 0
    policy: Policy = Policy()
    """Tiers and alerts."""
    actions: dict[str, dict[str, str]] = {}
    """Recommended ones, by theme and tier."""
    sweep_users: int = 500
    """Users scored afresh at each live mark of a partition; 0 for none."""
    max_poll_records: int = 4000
    max_fetch_bytes: int = 1 << 19
    session_timeout_s: float = 10.0
    """After a kill, a partition stands still for so long; a batch takes a tenth of it."""


def from_environment() -> WorkerConfig:
    """The configuration that the supervisor has passed."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=WorkerConfig)
