"""The groups that a run has found, kept beside its members, so that the next one can go on from them."""

from datetime import date
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = "groups.json"


class Group(msgspec.Struct, frozen=True):
    """One group of one algorithm."""

    id: int
    name: str
    """Empty where the algorithm does not serve."""
    centre: list[float]
    """ln(1 + x) of skewed features, else x, in their order."""


class Grouping(msgspec.Struct, frozen=True):
    """All groups of one algorithm."""

    groups: list[Group]
    next_id: int
    """The least that no group has had so far."""


class Groups(msgspec.Struct, frozen=True):
    """What a run has found, by algorithm."""

    as_of: date
    features: list[str]
    served: str
    by_algorithm: dict[str, Grouping]


def write(folder: Path, groups: Groups) -> None:
    """Into the folder of a run."""
    (folder / FILE).write_bytes(msgspec.json.encode(groups, order="sorted"))


def read(folder: Path | None, features: list[str]) -> Groups | None:
    """Of the folder of a run; None where there is none, it cannot be read, or it is of other features.

    Nothing is lost by that but the ids: the groups get new ones.
    """
    try:
        found = None if folder is None else msgspec.json.decode((folder / FILE).read_bytes(), type=Groups)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    return found if found is not None and found.features == features else None
