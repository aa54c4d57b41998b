"""Logs and archives for tests."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pyarrow as pa

from archive.address import address_of
from archive.log import ArchiveLog, Part, open_or_create
from archive.rows import Rows
from domain.events import ClockMark, Event, UserErasure, encode
from domain.partitioner import partition_of
from domain.records import side_by_side
from domain.settings import FactSettings

TOPIC: Final = "Tq8x"
PARTITIONS: Final = 2
HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
START: Final = 1_704_067_200_000  # 2024-01-01
FACTS: Final = FactSettings()


class Told(NamedTuple):
    """One record of the log."""

    key: bytes | None
    value: bytes | None
    timestamp: int


def event(user: str, event_id: str, time: int, *, at: int | None = None, **fields: object) -> Told:
    sent = Event(event_id=event_id, user_id=user, type="page_view", time=time, **fields)  # type: ignore[arg-type]
    return Told(user.encode(), encode(sent), time if at is None else at)


def erasure(user: str, at: int) -> Told:
    return Told(user.encode(), encode(UserErasure(erase=True)), at)


def mark(time: int) -> Told:
    return Told(None, encode(ClockMark(mark=time)), time)


def some(seed: int, count: int, users: int = 9) -> dict[int, list[Told]]:
    """Two partitions: events over some days, late ones, marks, erasures, and what can be no event."""
    random = Random(seed)
    found: dict[int, list[Told]] = {p: [] for p in range(PARTITIONS)}
    for number in range(count):
        now = START + number * 10 * 60_000
        user = f"user-{random.randrange(users)}"
        home = partition_of(user.encode(), PARTITIONS)
        chance = random.random()
        if chance < 0.02:
            found[home].append(erasure(user, now))
        elif chance < 0.06:
            for log in found.values():
                log.append(mark(now))
        elif chance < 0.10:
            found[home].append(
                Told(random.choice([None, user.encode()]), random.choice([None, b"{", b"\xff"]), now)
            )
        elif chance < 0.12:
            found[1 - home].append(event(user, f"e{number}", now))  # misrouted
        else:
            late = random.randrange(3 * DAY) if chance < 0.3 else 0
            found[home].append(event(user, f"e{number}", now - late, at=now))
    return found


def part(partition: int, first: int, records: Sequence[Told]) -> Part:
    return Part(first, first + len(records), table(partition, first, records))


def table(partition: int, first: int, records: Sequence[Told]) -> pa.Table:
    return Rows(partition, PARTITIONS, FACTS).table(first, side_by_side(records))


def archive_at(folder: Path | str) -> ArchiveLog:
    return open_or_create(address_of(folder), TOPIC)


def archive(folder: Path | str, logs: dict[int, list[Told]], batch: int = 40) -> ArchiveLog:
    """All of the logs, in batches."""
    made = archive_at(folder)
    longest = max(map(len, logs.values()))
    for begin in range(0, longest, batch):
        parts = {p: part(p, begin, cut) for p, log in logs.items() if (cut := log[begin : begin + batch])}
        made.append(parts)
    return made
