"""The projection of `control` into Redis: in the order of the topic, fenced by the position.

Only one process projects at a time. A second one that thinks it does finds the position moved, and stops.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, cast

import msgspec
from redis import Redis

from control import tables
from control.effects import Command

# KEYS[1] the position; ARGV: as it was read, as it shall be, then for each command its length and its words
_FENCED: Final = """
local stands = redis.call('GET', KEYS[1]) or ''
if stands ~= ARGV[1] then return stands end
local at = 3
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


class LostProjectionError(RuntimeError):
    """Somebody else projects, or the store is another one."""


class Reached(NamedTuple):
    """How far the topic has been read."""

    topic_id: str
    """Kafka's id of the topic: one that was made anew begins anew."""
    offset: int
    """Of the next record."""


def reached(store: Redis) -> Reached:
    """Where the projection stands."""
    stored = cast("bytes | None", store.get(tables.POSITION))
    return Reached("", 0) if stored is None else Reached(**msgspec.json.decode(stored))


class Projection:
    """Applies commands on top of the position that it knows. Synchronous; one thread."""

    def __init__(self, store: Redis, topic_id: str) -> None:
        """Goes on where the store stands; of another topic, from the beginning."""
        self._store = store
        self._script = store.register_script(_FENCED)
        self._text = cast("bytes | None", store.get(tables.POSITION)) or b""
        stands = reached(store)
        self.offset = stands.offset if stands.topic_id == topic_id else 0
        self._topic_id = topic_id

    def check(self) -> None:
        """Ask whether what was projected is still there.

        Raises:
            LostProjectionError: the position is not the one known.
        """
        found = cast("bytes | None", self._store.get(tables.POSITION)) or b""
        if found != self._text:
            raise LostProjectionError(f"{tables.POSITION} stands at {found!r}, expected {self._text!r}")

    def apply(self, offset: int, commands: Iterable[Command]) -> None:
        """What the record at `offset` changes, and the position behind it, at once.

        Raises:
            LostProjectionError: the position is not the one known; nothing was written.
        """
        after = msgspec.json.encode({"topic_id": self._topic_id, "offset": offset + 1})
        words: list[Any] = []
        for command in commands:
            words += (len(command), *command)
        answer: Any = self._script(keys=[tables.POSITION], args=[self._text, after, *words])
        if answer != 1:
            raise LostProjectionError(f"{tables.POSITION} stands at {answer!r}, expected {self._text!r}")
        self._text, self.offset = after, offset + 1
