"""What a trainer is told at its start."""

import os

import msgspec

from domain.settings import FactSettings
from online_model.thresholds import Contact
from online_model.tiers import Thresholds, TierShares
from online_model.training.contestants import DEFAULT
from stream_processors.config import ENVIRONMENT


class TrainerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One trainer process. There is one for a lineage."""

    kafka: str
    lineage: str
    partitions: int
    """Of the event topic: so many sources send blocks."""
    facts: FactSettings
    snapshot_topic: str = "snapshots"
    outcome_topic: str = "outcomes"
    model_topic: str = "models"
    decision_topic: str = "model-decisions"
    command_topic: str = "model-commands"
    folder: str
    """For the checkpoint and the snapshots that wait; the trainer keeps a folder in it for each lineage."""
    archive: str
    """The ledger's tables go below it."""
    registry: str
    """Address of the registry: a folder, or what fsspec understands."""
    key: str
    """Secret that signs versions and checkpoints (`online_model.registry.key`), as text."""
    contestants: tuple[str, ...] = DEFAULT
    seed: int = 0
    thresholds: Thresholds = Thresholds()
    """Of the tiers, where none are derived."""
    tier_shares: TierShares | None = None
    """Of the users, by which thresholds are derived."""
    contact: Contact = Contact()
    """What a contact costs and is guessed to save."""
    publish_examples: int = 2_000
    publish_days: int = 1
    checkpoint_s: float = 30.0
    until_idle: bool = False
    """End once both topics are read to their end, instead of waiting for more."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    restarts: int = 0


def group_of(lineage: str) -> str:
    """Consumer group of the trainer of a lineage: its committed offsets say how far it is."""
    return f"ebbwatch-trainer-{lineage}"


def from_environment() -> TrainerConfig:
    """The configuration that the supervisor has passed."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=TrainerConfig)
