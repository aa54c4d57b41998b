"""What is known of one finished run of a job, and which runs there are."""

from datetime import date
from typing import Final

import msgspec

LAYOUT: Final = 1
"""Of the pointer; another is refused."""


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What tables are a function of: the same basis gives the same tables."""

    as_of: date
    """UTC midnight at its beginning, exclusive: everything before it is known."""
    settings: str
    """Fingerprint of all settings that shape the tables."""
    archive: str
    """Version of the archive that was read."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a run, in the file ``<table>.parquet``."""

    rows: int
    size: int
    """Bytes of the file."""
    digest: str
    """Its XXH3, 32 hex digits."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One finished run; its files lie in the folder ``<job>/<id>``."""

    id: str
    basis: Basis
    begun: int
    """Wall clock, ms; `finished` likewise."""
    finished: int
    tables: dict[str, Stored]


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """``<job>/current.json``: replaced in one step, and with it what readers see."""

    layout: int = LAYOUT
    job: str
    current: Run
    earlier: tuple[Run, ...] = ()
    """Former ones whose files are still there, latest first."""

    @property
    def runs(self) -> tuple[Run, ...]:
        """All, the current one first."""
        return (self.current, *self.earlier)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """``<job>/attempt.json``: what became of the last try, good or bad."""

    as_of: date
    begun: int
    """Wall clock, ms."""
    ended: int | None = None
    """None while it runs, and for ever if its process was killed."""
    fault: str | None = None
    """Why it failed."""
    tries: int = 1
    """How often this as-of has been tried, with this one, since the last success."""

    @property
    def good(self) -> bool:
        """Whether it has come to its end."""
        return self.ended is not None and self.fault is None


def tried(former: Attempt | None, as_of: date, begun: int) -> Attempt:
    """A try that has begun, after a former one.

    Args:
        begun: wall clock, ms.
    """
    again = former is not None and former.as_of == as_of and not former.good
    return Attempt(as_of=as_of, begun=begun, tries=former.tries + 1 if former is not None and again else 1)
