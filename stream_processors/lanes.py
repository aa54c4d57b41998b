"""The lanes of the partitions that this worker owns at the moment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from control.log import LogBounds
from feature_store.keys import Keys
from feature_store.position import Position, RefusedError, begin, check, decode
from feature_store.read import Reader
from online_model.own_rhythm import Population
from stream_processors.health import Health
from stream_processors.lane import Lane, LostError, Parts
from stream_processors.transport import Fetch

_WAITING_FETCHES = 1  # beside the one in work: enough to overlap, and memory stays small

Fail = Callable[[BaseException], None]
"""Ends the process: what a lane raises is never mended inside it."""


class _Running:
    """A lane, its queue and its task."""

    def __init__(self, lane: Lane, fail: Fail) -> None:
        self.lane = lane
        self.queue: asyncio.Queue[Fetch | None] = asyncio.Queue(_WAITING_FETCHES)
        self.closing = False
        self.task = asyncio.create_task(self._run(fail), name="lane")

    async def _run(self, fail: Fail) -> None:
        try:
            while not self.closing and (fetch := await self.queue.get()) is not None:
                await self.lane.take(fetch)
        except asyncio.CancelledError:
            raise
        except BaseException as fault:  # whatever it is, this process must not go on
            fail(fault)

    def release(self) -> None:
        """Make room once the task is done: who still waits to hand over a fetch would wait for ever."""
        while not self.queue.empty():
            self.queue.get_nowait()


class Lanes:
    """Opened anew with every assignment; a fetch of an earlier assignment is dropped."""

    def __init__(
        self,
        parts: Parts,
        keys: Callable[[int], Keys],
        topic_id: str,
        health: Health,
        fail: Fail,
        look: Callable[[], Awaitable[object]],
    ) -> None:
        """
        Args:
            look: looks at the stream pointer, before lanes are opened.
        """
        self._look = look
        self._parts = parts
        self._keys = keys
        self._topic_id = topic_id
        self._health = health
        self._fail = fail
        self._running: dict[int, _Running] = {}
        self._epoch = 0

    async def open(self, bounds: Mapping[int, LogBounds], epoch: int) -> Mapping[int, int]:
        """Finish the batches in work, then begin where the store says.

        Ends the process if the store does not fit the log or the settings.

        Returns:
            The offset of the next record by partition.
        """
        await self.close()
        await self._look()  # before the first record: whether it is followed live
        reader: Reader = self._parts.reader
        for partition, (earliest, end) in bounds.items():
            keys = self._keys(partition)
            stored, gaps, seconds = await self._parts.patience.redis(partial(reader.begin, keys))
            position = self._checked(stored, earliest, end, partition)
            alerts = await self._parts.patience.redis(partial(self._parts.alerts.load, keys))
            lane = self._lane(keys, partition, position, stored, Population(gaps, seconds), alerts)
            self._running[partition] = _Running(lane, self._fail)
        self._epoch = epoch
        self._health.assigned = sorted(self._running)
        return {partition: r.lane.position.offset for partition, r in self._running.items()}

    def _lane(
        self,
        keys: Keys,
        partition: int,
        position: Position,
        stored: bytes,
        population: Population,
        alerts: Mapping[bytes, bytes],
    ) -> Lane:
        try:
            return Lane(self._parts, keys, partition, position, stored, population, alerts)
        except RefusedError as fault:
            self._fail(fault)
            raise

    def _checked(self, stored: bytes, earliest: int, end: int, partition: int) -> Position:
        try:
            position = decode(stored) if stored else begin(self._topic_id, self._parts.facts)
            check(position, self._parts.facts, self._topic_id, earliest, end, partition)
        except RefusedError as fault:
            self._fail(fault)  # Faust would take what is raised here for a crash of its own
            raise
        return position

    async def put(self, fetch: Fetch) -> None:
        """Hand a fetch to its lane; waits while that is busy."""
        running = self._running.get(fetch.partition)
        if running is not None and fetch.epoch == self._epoch:
            await running.queue.put(fetch)

    async def close(self) -> None:
        """Let each lane finish the batch in work; what waits is read again by the next owner."""
        running, self._running = self._running, {}
        for r in running.values():
            r.closing = True
            if r.queue.empty():
                r.queue.put_nowait(None)
        await asyncio.gather(*(r.task for r in running.values()))
        for r in running.values():
            r.release()

    def clocks(self) -> dict[int, int]:
        """Latest mark by partition, ms."""
        return {partition: r.lane.position.clock for partition, r in self._running.items()}

    def positions(self) -> dict[int, int]:
        """Offset of the next record by partition."""
        return {partition: r.lane.position.offset for partition, r in self._running.items()}

    async def still_stand(self) -> None:
        """Whether the store has kept what was written.

        A worker that has nothing to write would not notice that an older copy of the store was put back.

        Raises:
            LostError: a position stands further back.
        """
        known = {partition: r.lane.stored for partition, r in self._running.items()}
        keys = [self._keys(partition) for partition in known]
        stands = await self._parts.patience.redis(lambda: self._parts.reader.positions(keys))
        for (partition, before), now in zip(known.items(), stands, strict=True):
            if before and (not now or _reached(now) < _reached(before)):
                raise LostError(f"partition {partition}: the store has gone back, from {before!r} to {now!r}")


def _reached(stored: bytes) -> tuple[int, int]:
    position = decode(stored)
    return position.offset, position.visited
