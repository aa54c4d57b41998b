"""Copy a log to a topic of other partitions, keeping each user's order and each mark's place."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from control.log import Record
from domain.events import ClockMark

_NO_MARK: Final = 1 << 62

Segment = tuple[int, int, list[Record]]
"""Time and visits of the mark that ends it (visits 0: none does), and the records before it."""


def copy(
    partitions: Mapping[int, Iterator[Record]],
    send: Callable[[bytes | None, bytes | None], None],
    mark: Callable[[int, int], None],
) -> Iterator[int]:
    """Copy all records; those between two marks of a partition stay between them.

    The marks of all partitions are merged in the order of their time: what stands before a partition's mark is
    sent before that mark goes to every new partition. Where marks are out of step by more than the allowed
    lateness, events may become too late; replay, simulate and live workers keep them in step.

    Yields:
        The number of records copied so far, after each segment.
    """
    segments = {partition: _segments(records) for partition, records in partitions.items()}
    waiting: list[tuple[int, int]] = []
    heads: dict[int, Segment] = {}

    def advance(partition: int) -> None:
        head = next(segments[partition], None)
        if head is not None:
            heads[partition] = head
            heapq.heappush(waiting, (head[0], partition))

    for partition in partitions:
        advance(partition)
    copied = last = 0
    while waiting:
        time, partition = heapq.heappop(waiting)
        _, visits, records = heads.pop(partition)
        for record in records:
            send(record.key, record.value)
        copied += len(records) + (visits > 0)
        advance(partition)
        if visits and time > last and not any(other == time for other, _ in waiting):
            mark(time, visits)
            last = time
        yield copied


def _segments(records: Iterator[Record]) -> Iterator[Segment]:
    before: list[Record] = []
    for record in records:
        mark = _mark(record)
        if mark is None:
            before.append(record)
        else:
            yield mark.mark, mark.visits, before
            before = []
    if before:
        yield _NO_MARK, 0, before


def _mark(record: Record) -> ClockMark | None:
    if record.key is not None or record.value is None:
        return None
    try:
        return msgspec.json.decode(record.value, type=ClockMark)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
