"""The compose file as compose reads it: which services a profile starts."""

from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "docker-compose.yml"
PROFILES: Final = ("", "full", "demo")
"""Empty: none is named."""

Service = dict[str, Any]


def document() -> dict[str, Any]:
    """The whole file, anchors resolved, variables not."""
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return read


def services(profile: str) -> dict[str, Service]:
    """Those that it starts, by name."""
    found: dict[str, Service] = document()["services"]
    return {
        name: service
        for name, service in found.items()
        if not service.get("profiles") or profile in service["profiles"]
    }
