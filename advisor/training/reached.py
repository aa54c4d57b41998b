"""How far a training has come that was cancelled, or killed."""

from pathlib import Path
from typing import Final

import msgspec

from domain.settings import FactSettings

ABOUT: Final = "reached.json"
"""Beside what it has learned (`advisor.training.paused`)."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What two trainings on one file have in common if the one can go on from the other."""

    facts: FactSettings
    contestants: tuple[str, ...]
    learners: tuple[str, ...]
    seed: int
    lineage: str
    """Names the features, too: another release may have others."""


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """How far a training has come that is not done."""

    way: Way
    share: float
    """Of all events, 0 to 1."""


def reached(folder: Path) -> Reached | None:
    """How far the training in a folder is; None where there is none to go on from."""
    try:
        return msgspec.json.decode((folder / ABOUT).read_bytes(), type=Reached)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
