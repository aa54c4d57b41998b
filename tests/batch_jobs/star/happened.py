"""Random histories as rows of the archived log."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa
from deltalake import write_deltalake
from hypothesis import strategies as st

from archive.schema import SCHEMA
from domain.events import EVENT_TYPES, Event
from domain.settings import FactSettings

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
MONDAY: Final = 1_704_067_200_000
"""2024-01-01T00:00Z."""
WATCHED: Final = "watched"
"""A custom type that is an activity."""
SETTINGS: Final = FactSettings(session_types=(WATCHED,))

USERS: Final = ("ann", "bob", "dörte")


class Happened(NamedTuple):
    """One event, as the archive has it."""

    user: str
    time: int
    type: str
    event_id: str
    partition: int
    offset: int
    fields: dict[str, Any]

    @property
    def day(self) -> int:
        """Days since 1970-01-01."""
        return self.time // DAY

    def event(self) -> Event:
        """As the stream has it: money in major units, durations in seconds."""
        fields = dict(self.fields)
        for name in ("amount", "discount"):
            if name in fields:
                fields[name] /= 100
        if "duration_ms" in fields:
            fields["duration"] = fields.pop("duration_ms") / 1000
        return Event(event_id=self.event_id, user_id=self.user, type=self.type, time=self.time, **fields)

    def row(self) -> dict[str, Any]:
        """As the archive has it."""
        own = {
            "partition": self.partition, "offset": self.offset, "appended": self.time, "kind": "event",
            "time": self.time, "user": self.user, "event_id": self.event_id, "type": self.type, "day": self.day,
        }  # fmt: skip
        return own | self.fields


def mark(partition: int, offset: int, time: int) -> dict[str, Any]:
    """A clock mark as the archive has it."""
    return {
        "partition": partition, "offset": offset, "appended": time, "kind": "mark", "time": time,
        "day": time // DAY,
    }  # fmt: skip


def table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Rows of the archive's schema."""
    found = list(rows)
    return pa.table(
        [pa.array([row.get(f.name) for row in found], _plain(f.type)).cast(f.type) for f in SCHEMA],
        schema=SCHEMA,
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if pa.types.is_date(kind) else pa.int64() if pa.types.is_timestamp(kind) else kind


def numbers(rows: pa.Table, columns: pa.Schema) -> pa.Table:
    """The columns as engines give them: times in ms, days since 1970-01-01."""
    made = {}
    for f in columns:
        column = rows[f.name]
        if pa.types.is_date(f.type):
            column = column.cast(pa.int32())
        if pa.types.is_integer(column.type) or pa.types.is_timestamp(f.type):
            column = column.cast(pa.int64())
        made[f.name] = column
    return pa.table(made)


def append(log: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows to an archived log in a folder."""
    write_deltalake(str(log), table(rows), mode="append", partition_by=["day"])


_STEPS: Final = (
    *(0, 0, 1, 999, 1000, MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1),
    *(HOUR, 6 * HOUR, DAY - 1, DAY, DAY + 1, 2 * DAY, 29 * DAY, 30 * DAY, 30 * DAY + 1, 40 * DAY),
)
_FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "session_id": ("s1", "s1", "s2", "s3", ""),
    "session_type": ("tutorial",),
    "platform": ("web", "ios", ""),
    "plan": ("free", "trial", "gold", "silver", ""),
    "channel": ("search", "friend", ""),
    "geography": ("FR", "JP", ""),
    "feature": ("chart", "table", ""),
    "category": ("see", "do", ""),
    "order_id": ("o1", "o1", "o2", ""),
    "quantity": (0, 1, 3),
    "amount": (0, 5, 1999),
    "discount": (0, 100),
    "pages": (0, 1, 7),
    "duration_ms": (0, 500, 1500, 59_999, 1_800_000, 40_000_000),
    "conversion": (True, False),
    "change": ("upgrade", "downgrade"),
    "experiment": ("e",),
    "variant": ("control", "offer"),
}
TYPES: Final = (*EVENT_TYPES, WATCHED, "scrolled")
BUSY: Final = ("session_start", "session_end", "page_view", "page_view", "feature_use", WATCHED)
TRADE: Final = ("purchase", "purchase", "refund", "subscription_change")


class Choose(Protocol):
    """Takes one of several: hypothesis so that histories shrink, a random generator so that many fit a query."""

    def __call__(self, options: Sequence[Any], /) -> Any: ...


class Kind(NamedTuple):
    """What may come up in a history."""

    types: Sequence[str] = (*TYPES, *BUSY, *TRADE)
    fields: Sequence[str] = tuple(_FIELDS)
    steps: Sequence[int] = _STEPS
    repeats: bool = True
    users: Sequence[str] = USERS


def history(choose: Choose, kind: Kind, moves: int) -> list[Happened]:
    """Events of a few users in the order of time, each user in a partition of his own."""
    time = MONDAY + choose((0, 20 * HOUR, 23 * HOUR + 50 * MINUTE))
    users = choose((kind.users[:1], kind.users[:1], kind.users))
    found: list[Happened] = []
    for number in range(moves):
        time += choose(kind.steps)
        if choose(range(10)) == 9:
            time += -time % DAY
        user = choose(users)
        names = {choose(kind.fields) for _ in range(choose(range(5)))}
        told = {name: choose(_FIELDS[name]) for name in sorted(names)}
        back = choose((0, 0, 0, 0, 1, 2)) if kind.repeats else 0
        found.append(
            Happened(
                user, time, choose(kind.types), f"e{number - back}", kind.users.index(user), number, told
            )
        )
    return found


@st.composite
def histories(draw: st.DrawFn, kind: Kind | None = None, most: int = 25) -> list[Happened]:
    """Short ones, which shrink to what matters."""
    return history(lambda o: draw(st.sampled_from(o)), kind or Kind(), draw(st.integers(1, most)))


def many(rng: Random, kind: Kind, count: int, moves: int = 20) -> list[Happened]:
    """Events of `count` users, each of a history of its own."""
    found: list[Happened] = []
    for number in range(count):
        own = history(rng.choice, kind._replace(users=(f"u{number}",)), rng.randint(1, moves))
        found += [h._replace(partition=0, offset=len(found) + h.offset) for h in own]
    return found
