"""What the console's process is told at its start."""

import os
import sys
from typing import Final

import msgspec

ENVIRONMENT: Final = "EBBWATCH_CONSOLE_PROCESS"
"""Carries the configuration, as JSON, from the supervisor to its process."""
COMMAND: Final = (sys.executable, "-m", "console")


class ConsoleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One console."""

    host: str
    port: int
    api: str
    """Address of the HTTP API, as this process reaches it."""
    idle_s: float
    """After so long without a sign of the visitor a session ends, seconds."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    """0 takes a free one."""
    restarts: int = 0


def from_environment() -> ConsoleConfig:
    """The configuration that the supervisor has passed."""
    return msgspec.json.decode(os.environ[ENVIRONMENT], type=ConsoleConfig)
