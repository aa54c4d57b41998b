"""Blocks of two topics, as they come, into whole hours of event time in the one order that counts.

Within an hour: its snapshots in the order of (time, user), then the outcomes that fell due in it in the order of (due
time, user). An hour is released when every source partition has said, in both topics, that nothing of it follows. So
what is released is a function of the items alone, not of how they were cut into blocks, repeated, or mixed.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from domain.labels import BlockError, Outcomes, Snapshots, decode
from online_model.training.blocks import NO_OUTCOMES, NO_SNAPSHOTS, joined
from online_model.training.stream import IN_MEMORY, NEVER, Stream, StreamState

Topic = Literal["snapshots", "outcomes"]
TOPICS: Final[tuple[Topic, ...]] = ("snapshots", "outcomes")
HOUR_MS: Final = 3_600_000


class Hour(NamedTuple):
    """All that happened in one hour of event time."""

    hour: int
    """Hours since 1970."""
    snapshots: Snapshots
    outcomes: Outcomes

    @property
    def end_ms(self) -> int:
        """Last ms of the hour."""
        return (self.hour + 1) * HOUR_MS - 1


class MergeState(msgspec.Struct, frozen=True):
    """What a merge needs to go on after a crash; `resume` of its streams says from where to read again."""

    done_ms: int
    snapshots: StreamState
    outcomes: StreamState
    skipped: dict[str, int]


class Merge:
    """Puts one lineage's blocks in order."""

    def __init__(
        self,
        lineage: str,
        partitions: int,
        delay_ms: int,
        spill: Path | None = None,
        state: MergeState | None = None,
        in_memory: int = IN_MEMORY,
    ) -> None:
        """
        Args:
            lineage: blocks of other lineages are counted and left out.
            partitions: of the event topic: as many sources have to speak before time moves.
            delay_ms: from a snapshot to when its outcome is due (`domain.labels.delay_ms`).
            spill: folder for blocks of partitions that are far ahead; None keeps them all in memory.
            state: to go on from; the blocks from its `resume` offsets have to be added again.
            in_memory: bytes of blocks, about, that each topic may keep there.
        """
        self._lineage = lineage
        self._partitions = partitions
        self.done_ms = state.done_ms if state else NEVER
        self.skipped: Counter[str] = Counter(state.skipped if state else {})
        """What was left out, by reason: ``damaged``, ``other_lineage``, ``unknown_partition``, ``repeated``."""
        self._streams: Final[dict[Topic, Stream]] = {
            topic: Stream(
                partitions,
                delay_ms if topic == "outcomes" else 0,
                self.done_ms,
                spill / topic if spill else None,
                getattr(state, topic) if state else None,
                in_memory,
            )
            for topic in TOPICS
        }

    def add_record(self, topic: Topic, offset: int, value: bytes | None) -> None:
        """Add one record of a topic, in the order of offsets; one that is no block of ours is counted."""
        try:
            block = decode(value)
        except BlockError:
            self._skip(topic, offset, "damaged", 1)
            self._streams[topic].passed(offset)
        else:
            self.add(topic, offset, block)

    def add(self, topic: Topic, offset: int, block: Snapshots | Outcomes) -> None:
        """Add one block, in the order of offsets."""
        stream = self._streams[topic]
        if isinstance(block, Snapshots) != (topic == "snapshots"):
            self._skip(topic, offset, "damaged", 1)
        elif block.lineage != self._lineage:
            self._skip(topic, offset, "other_lineage", len(block.users) or 1)
        elif not 0 <= block.partition < self._partitions:
            self._skip(topic, offset, "unknown_partition", len(block.users) or 1)
        else:
            repeated = stream.add(offset, block)
            self._skip(topic, offset, "repeated", repeated)
        stream.passed(offset)

    def hours(self) -> Iterator[Hour]:
        """The hours that are complete by now and hold something; last an empty one, if time has moved on."""
        ready = (self.frontier_ms + 1) // HOUR_MS - 1  # the last complete hour
        while True:
            first = min(stream.first_ms() for stream in self._streams.values())
            hour = min(first // HOUR_MS, ready)
            end = (hour + 1) * HOUR_MS - 1
            if end <= self.done_ms:
                return
            self.done_ms = end
            snapshots = [b for b in self._streams["snapshots"].take(end) if isinstance(b, Snapshots)]
            outcomes = [b for b in self._streams["outcomes"].take(end) if isinstance(b, Outcomes)]
            yield Hour(hour, joined(NO_SNAPSHOTS, snapshots), joined(NO_OUTCOMES, outcomes))

    @property
    def frontier_ms(self) -> int:
        """Up to here, all that there will ever be is known."""
        return min(stream.frontier_ms for stream in self._streams.values())

    def frontier_of(self, topic: Topic) -> int:
        """The same for one topic."""
        return self._streams[topic].frontier_ms

    def state(self) -> MergeState:
        """To go on from, once everything released so far has been dealt with."""
        return MergeState(
            self.done_ms,
            self._streams["snapshots"].state(),
            self._streams["outcomes"].state(),
            dict(self.skipped),
        )

    def close(self) -> None:
        """Close and delete what was spilled: it will be read again."""
        for stream in self._streams.values():
            stream.close()

    def _skip(self, topic: Topic, offset: int, reason: str, count: int) -> None:
        if count and self._streams[topic].is_new(offset):
            self.skipped[reason] += count
