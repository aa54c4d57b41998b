"""Users whose rows the ledger has let go of, and may not take again: `erased.json` in the archive folder.

A lineage that is made anew from the same log brings the same rows again; so the file stays, and every write of a day
asks it. It names users by their hash alone.
"""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from domain.columns import hash_of
from domain.labels import Times
from storage.durable import replacing

FILE: Final = "erased.json"


class Erased(dict[str, int]):
    """Hash of a user (`hashed`) to the latest time, ms, of a snapshot that is gone."""

    def keeps(self, users: list[str], times: Times) -> npt.NDArray[np.bool_]:
        """Which snapshots may stay, shape (items,)."""
        if not self:
            return np.ones(len(users), np.bool_)
        places = {user: place for place, user in enumerate(dict.fromkeys(users))}
        until = np.array([self.get(hashed(user), 0) for user in places], np.int64)
        return np.asarray(times > until[[places[user] for user in users]])


def hashed(user: str) -> str:
    """XXH3, 64 bits, hex: what stands in place of a user who is gone."""
    return f"{hash_of(user):016x}"


def load(archive: Path) -> Erased:
    """What the archive folder says.

    Raises:
        OSError: the file is there and cannot be read.
        msgspec.MsgspecError: it is damaged.
    """
    try:
        return Erased(msgspec.json.decode((archive / FILE).read_bytes(), type=dict[str, int]))
    except FileNotFoundError:
        return Erased()


def add(archive: Path, users: Mapping[str, int]) -> Erased:
    """Remember more of them; the later time counts. To be called under `locked`."""
    known = load(archive)
    for user, until in users.items():
        known[user] = max(until, known.get(user, 0))
    with replacing(archive / FILE) as file:
        file.write(msgspec.json.encode(dict(sorted(known.items()))))
    return known


@contextmanager
def locked(archive: Path) -> Iterator[None]:
    """Nobody else writes to the ledger meanwhile: trainer, notifier and commands are processes of their own."""
    archive.mkdir(parents=True, exist_ok=True)
    with (archive / ".ledger.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
