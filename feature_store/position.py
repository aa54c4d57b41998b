"""How far a partition has been read, and what its facts rest on."""

import msgspec

from domain.settings import FactSettings
from domain.state import STATE_VERSION
from domain.steps import Progress


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Stored as JSON; the text itself is the fence, so equal positions must give equal bytes."""

    topic_id: str
    offset: int
    clock: int
    visited: int
    settings: str
    """Fingerprint of the settings that shaped the facts."""
    upto: int = 0
    """ms: all snapshots and outcomes with a key time up to here have left."""
    quiet: int = 0
    """ms: what has a key time up to here had left before this generation was begun, and is not sent again."""
    state: int = STATE_VERSION
    """Version of the packed records."""

    def encode(self) -> bytes:
        """The stored text."""
        return msgspec.json.encode(self)

    def progress(self) -> Progress:
        """The part that the fold moves."""
        return Progress(offset=self.offset, clock=self.clock, visited=self.visited, upto=self.upto)

    def after(self, progress: Progress) -> "Position":
        """This position moved on."""
        return msgspec.structs.replace(
            self,
            offset=progress.offset,
            clock=progress.clock,
            visited=progress.visited,
            upto=progress.upto,
        )


class RefusedError(RuntimeError):
    """The store does not fit this worker or this log; going on would damage it."""


def begin(topic_id: str, settings: FactSettings, offset: int = 0, quiet: int = 0) -> Position:
    """Where a partition starts that nothing was stored for."""
    return Position(
        topic_id=topic_id, offset=offset, clock=0, visited=0, quiet=quiet, settings=settings.fingerprint()
    )


def decode(stored: bytes) -> Position:
    """Inverse of `Position.encode`.

    Raises:
        RefusedError: it is none.
    """
    try:
        return msgspec.json.decode(stored, type=Position)
    except msgspec.MsgspecError as fault:
        raise RefusedError(f"the stored position cannot be read ({fault}): run `ebbwatch rebuild`") from fault


def check(
    position: Position, settings: FactSettings, topic_id: str, earliest: int, end: int, partition: int
) -> None:
    """Whether a worker with these settings may go on from `position` in this log.

    Raises:
        RefusedError: says which of them does not fit, and what to do.
    """
    where = f"partition {partition}"
    if position.settings != settings.fingerprint():
        raise RefusedError(
            f"{where}: the store was built with other settings ({position.settings}, here "
            f"{settings.fingerprint()}): start with the former ones, or run `ebbwatch rebuild`"
        )
    if position.state != STATE_VERSION:
        raise RefusedError(
            f"{where}: the store holds records of layout {position.state}, this is {STATE_VERSION}: "
            "run `ebbwatch rebuild`"
        )
    if position.topic_id != topic_id:
        raise RefusedError(
            f"{where}: the store follows topic id {position.topic_id}, but the topic has id {topic_id}: "
            "it was made anew; run `ebbwatch rebuild`"
        )
    if position.offset < earliest:
        raise RefusedError(
            f"{where}: the store has read up to offset {position.offset}, but the log begins at {earliest}: "
            "records between are gone; run `ebbwatch rebuild`"
        )
    if position.offset > end:
        raise RefusedError(
            f"{where}: the store has read up to offset {position.offset}, but the log ends at {end}: the log "
            "is younger than the store; run `ebbwatch rebuild`"
        )
