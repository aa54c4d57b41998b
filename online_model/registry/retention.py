"""Which versions stay: the last ones of each contestant, and those that somebody may want back."""

from collections import Counter
from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from online_model.registry.errors import RefusedError, UnknownVersionError
from online_model.registry.registry import MANIFEST, Registry

Reason = Literal["champion", "pinned"]
_SUFFIX: Final = ".kept"


class Pruned(NamedTuple):
    """What `prune` did; ids, newest first."""

    removed: list[str]
    refused: list[str]
    """Not good, left alone for somebody to look at."""


def protect(registry: Registry, version: str, reason: Reason) -> None:
    """Keep a version whatever its age; once a champion, always kept.

    Raises:
        StorageError: this could not be noted.
        RefusedError: no such version, or not a good one.
    """
    registry.manifest(version)
    registry.storage.write(f"{version}/{reason}{_SUFFIX}", b"")


def release(registry: Registry, version: str) -> None:
    """Take the pin off.

    Raises:
        StorageError: this could not be noted.
    """
    registry.storage.remove(f"{version}/pinned{_SUFFIX}")


def protections(registry: Registry, version: str) -> list[str]:
    """Why a version is kept; empty if it may go."""
    return [n.removesuffix(_SUFFIX) for n in registry.storage.names(version) if n.endswith(_SUFFIX)]


def prune(registry: Registry, keep: int, announced: Collection[str]) -> Pruned:
    """Remove versions beyond the newest `keep` of each contestant in each lineage, and what was never finished.

    Only for the one process that publishes: what another is just writing would look unfinished.

    Args:
        registry: to be pruned.
        keep: at least 1.
        announced: ids that are announced or on their way; never removed.

    Raises:
        StorageError: the registry cannot be read or written.
    """
    if keep < 1:
        raise ValueError(f"keep at least one version, not {keep}")
    seen: Counter[tuple[str, str]] = Counter()
    done = Pruned([], [])
    for version in registry.versions():
        try:
            training = registry.manifest(version).training
        except UnknownVersionError:
            _remove(registry, version)
            continue
        except RefusedError:
            done.refused.append(version)
            continue
        seen[training.lineage, training.name] += 1
        if (
            seen[training.lineage, training.name] <= keep
            or version in announced
            or protections(registry, version)
        ):
            continue
        _remove(registry, version)
        done.removed.append(version)
    return done


def _remove(registry: Registry, version: str) -> None:
    registry.storage.remove(f"{version}/{MANIFEST}")  # first, so that nobody sees half a version
    registry.storage.remove(version)
