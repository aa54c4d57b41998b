"""What the archiver is told at its start."""

import os
from typing import Final

import msgspec

from domain.settings import FactSettings

ENVIRONMENT: Final = "EBBWATCH_ARCHIVER_PROCESS"
"""Carries the configuration, as JSON, from the supervisor to its process."""


class ArchiverConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The archiver of a deployment; a second one only stands in the way of the first."""

    kafka: str
    topic: str
    topic_id: str
    partitions: int
    facts: FactSettings
    archive: str
    """Address of the archived log."""
    batch_records: int = 100_000
    batch_s: float = 10.0
    """A batch is written when it has so many records, or when its first has waited for so long."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    restarts: int = 0


def group_of(topic_id: str) -> str:
    """Consumer group under which the archiver tells Kafka how far it is; the archive itself decides."""
    return f"ebbwatch-archiver-{topic_id}"


def from_environment() -> ArchiverConfig:
    """The configuration that the supervisor has passed."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=ArchiverConfig)
