"""The boards as they are committed and shipped: whoever pushes them needs no builder."""

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "grafana" / "boards"
TAG: Final = "ebbwatch"
"""By which boards are found among others."""


def boards() -> list[dict[str, Any]]:
    """All of them, by file name."""
    return [json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))]


def text(document: dict[str, Any]) -> str:
    """As it is committed: the same for the same board."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
