"""Which log and which generation of the keys are served.

A rebuild and a repartition fill the next generation beside the one that is served, then move this pointer.
"""

from typing import cast

import msgspec
from redis import Redis

from feature_store.keys import NEXT, STREAM, Keys


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """The pointer, stored as JSON under `STREAM`."""

    topic: str
    partitions: int
    generation: int = 1
    live: bool = False
    """Whether workers write clock marks from the wall clock (`ebbwatch clock live`)."""

    def keys(self, partition: int) -> Keys:
        """Keys of one of its partitions."""
        return Keys(self.generation, partition)


def load(store: Redis) -> Stream | None:
    """The pointer, None in a store that nothing was written to."""
    stored = store.get(STREAM)
    return None if stored is None else msgspec.json.decode(stored, type=Stream)


def load_or_begin(store: Redis, topic: str, partitions: int) -> Stream:
    """The pointer; the first caller in an empty store sets it."""
    stands = load(store)  # looked at first: only who begins a store needs the right to write the pointer
    if stands is None:
        store.set(STREAM, msgspec.json.encode(Stream(topic=topic, partitions=partitions)), nx=True)
        stands = load(store)
    assert stands is not None
    return stands


def begin_next(store: Redis, stream: Stream) -> None:
    """Announce the generation that is being filled beside the served one."""
    store.set(NEXT, msgspec.json.encode(stream))


def load_next(store: Redis) -> Stream | None:
    """The generation that is being filled, None if there is none."""
    stored = cast("bytes | None", store.get(NEXT))
    return None if stored is None else msgspec.json.decode(stored, type=Stream)


def serve(store: Redis, stream: Stream) -> None:
    """Move the pointer; the former generation's workers see it and start anew.

    Not in one transaction, which a cluster does not have across slots: after a crash between the two the former
    generation is served as before, and the next attempt drops what was filled.
    """
    store.delete(NEXT)
    store.set(STREAM, msgspec.json.encode(stream))


def go_live(store: Redis, stream: Stream) -> None:
    """Let workers write marks from the wall clock, now and in a generation that is being filled."""
    following = load_next(store)
    store.set(STREAM, msgspec.json.encode(msgspec.structs.replace(stream, live=True)))
    if following is not None:
        begin_next(store, msgspec.structs.replace(following, live=True))


def drop(store: Redis, stream: Stream) -> None:
    """Delete the keys of a generation; who still writes to it is fenced by the missing position."""
    for partition in range(stream.partitions):
        store.unlink(*stream.keys(partition).all())
