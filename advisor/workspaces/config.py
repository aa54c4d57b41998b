"""What the process is told that works on workspaces."""

import sys
from typing import Final

import msgspec

from domain.settings import FactSettings

ENVIRONMENT: Final = "EBBWATCH_ADVISOR_PROCESS"
"""Carries the configuration, as JSON, from the supervisor to its process."""
COMMAND: Final = (sys.executable, "-m", "advisor.workspaces.worker")


class AdvisorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Of one process."""

    root: str
    """Folder of the workspaces."""
    at_once: int
    """Most of them that are worked on at a time."""
    facts: FactSettings
    """Of the deployment; a workspace says its own horizon and inactivity."""
    contestants: tuple[str, ...]
    learners: tuple[str, ...]
    """Kinds of batch learners that take part."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    """0 takes a free one."""
    restarts: int = 0
