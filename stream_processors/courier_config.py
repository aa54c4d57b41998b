"""What the courier is told at its start."""

import os
from typing import Final

import msgspec

from domain.webhooks import Rules

ENVIRONMENT: Final = "EBBWATCH_COURIER"
"""Carries the configuration, as JSON, from the supervisor to its process."""


class CourierConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The one courier of a deployment."""

    redis: str
    key: str
    """Secret of the deployment, from which those of webhooks follow."""
    private: bool
    """Whether webhooks may go inside."""
    rules: Rules
    metrics_host: str
    metrics_port: int
    restarts: int = 0


def from_environment() -> CourierConfig:
    """The configuration that the supervisor has passed."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=CourierConfig)
