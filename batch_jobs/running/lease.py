"""One runner at a time: a lock where the kernel keeps it, else a file that expires.

In a folder it is `flock`: it ends with its process, however that ends. On an object store there is no lock. There
a lease is the file with the highest number in `lease/`; whoever finds it expired tries to create the next number, and
of several who try one succeeds (`storage.files.Storage.create`). The number is the fencing id: a runner that was away
too long sees a higher one, and shows nobody what it has made. Clocks of runners may differ by much less than
`LASTS_MS`.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import msgspec

from batch_jobs.results.errors import ResultsError
from storage.files import Storage

LASTS_MS: Final = 600_000
_RENEW_S: Final = 60.0
_FOLDER: Final = "lease"
_LOCK: Final = "runner.lock"


class HeldError(ResultsError):
    """Another runner is at work."""


class LostError(ResultsError):
    """Another runner has taken over."""


class Lease(Protocol):
    """Held until the end of the block that took it."""

    def check(self) -> None:
        """Return while it is held.

        Raises:
            LostError: it is not.
        """
        ...


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lease, until when."""

    holder: str
    until: int
    """Wall clock, ms."""


@contextmanager
def leased(storage: Storage, holder: str, now: Callable[[], int]) -> Iterator[Lease]:
    """Be the one runner of these results.

    Args:
        holder: named to others who want it, such as host and process id.
        now: wall clock, ms.

    Raises:
        HeldError: another one is at work.
        ResultsError: it cannot be found out.
    """
    if storage.folder is not None:
        with _locked(storage.folder, holder) as lease:
            yield lease
        return
    mine = Numbered(storage, holder, now)
    mine.take()
    over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(mine, over), name="lease", daemon=True)
    renewing.start()
    try:
        yield mine
    finally:
        over.set()
        renewing.join()
        mine.give_back()


class _Lock:
    """While its file is open."""

    def check(self) -> None:
        """The kernel takes it from nobody."""


@contextmanager
def _locked(folder: Path, holder: str) -> Iterator[Lease]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK).open("a+", encoding="utf-8")
    except OSError as fault:
        raise ResultsError(f"results {folder}: cannot be locked: {fault}") from fault
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            file.seek(0)
            raise HeldError(
                f"another run is at work on {folder} ({file.read().strip() or 'unknown'}): wait for it, or end it"
            ) from fault
        file.truncate(0)
        file.write(holder)
        file.flush()
        os.fsync(file.fileno())
        yield _Lock()


class Numbered:
    """A lease on an object store."""

    def __init__(self, storage: Storage, holder: str, now: Callable[[], int]) -> None:
        self._storage = storage
        self._holder = holder
        self._now = now
        self._number = 0

    def take(self) -> None:
        """Take it.

        Raises:
            HeldError: another runner has it, or was faster.
        """
        last = self._last()
        if last:
            ticket = self._ticket(last)
            if ticket is not None and ticket.until > self._now():
                raise self._held_by(ticket)
        self._number = last + 1
        if not self._storage.create(_name(self._number), self._made()):
            raise self._held_by(self._ticket(self._number))
        for number in self._numbers():
            if number < last:
                self._storage.remove(_name(number))

    def renew(self) -> None:
        """Hold it for as long again.

        Raises:
            LostError: another runner has taken over.
        """
        self.check()
        self._storage.write(_name(self._number), self._made())

    def check(self) -> None:
        """See `Lease`."""
        if self._last() != self._number:
            raise LostError(
                f"another run has taken over {self._storage.address}: this one shows nothing more"
            )

    def give_back(self) -> None:
        """Let the next one begin at once; the number stays, so that none is used twice."""
        if self._last() == self._number:
            self._storage.write(
                _name(self._number), msgspec.json.encode(Ticket(holder=self._holder, until=0))
            )

    def _held_by(self, ticket: Ticket | None) -> HeldError:
        who = "unknown" if ticket is None else ticket.holder
        return HeldError(
            f"another run is at work on {self._storage.address} ({who}): wait for it; one that was killed gives way "
            f"after {LASTS_MS // 60_000} minutes"
        )

    def _made(self) -> bytes:
        return msgspec.json.encode(Ticket(holder=self._holder, until=self._now() + LASTS_MS))

    def _ticket(self, number: int) -> Ticket | None:
        try:
            return msgspec.json.decode(self._storage.read(_name(number)), type=Ticket)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _last(self) -> int:
        return max(self._numbers(), default=0)

    def _numbers(self) -> list[int]:
        return [
            int(name.removesuffix(".json"))
            for name in self._storage.names(_FOLDER)
            if name.removesuffix(".json").isdigit()
        ]


def _name(number: int) -> str:
    return f"{_FOLDER}/{number:012d}.json"


def _renew(mine: Numbered, over: threading.Event) -> None:
    """Until the block is over or the lease is lost, which the runner finds out by itself."""
    while not over.wait(_RENEW_S):
        try:
            mine.renew()
        except LostError:
            return
        except ResultsError:
            continue  # the store is away: the lease lasts longer than one pause
