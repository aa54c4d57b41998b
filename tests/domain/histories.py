"""Random logs of one partition, made to hit the edges: gaps, lateness, passages, rings and faults."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from hypothesis import strategies as st

from domain.events import EVENT_TYPES, MAX_AMOUNT, MAX_EVENT_BYTES, MAX_TIME_MS, MIN_TIME_MS
from domain.partitioner import partition_of
from domain.settings import FactSettings

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

PARTITION: Final = 0
PARTITIONS: Final = 2
LOCALS: Final = [
    u for u in ("ann", "bob", "cyd", "dörte", "e", "f" * 128) if partition_of(u.encode(), 2) == 0
]
STRANGER: Final = next(u for u in ("x", "y", "z", "w", "v") if partition_of(u.encode(), 2) == 1)
CUSTOM_ACTIVITY: Final = "watched"
CUSTOM: Final = "scrolled"


class LogRecord(NamedTuple):
    """As Kafka hands it over; `timestamp` is Kafka's time of it, ms."""

    key: bytes | None
    value: bytes | None
    timestamp: int


class Log(NamedTuple):
    """One partition's records from offset 0 on, and the settings under which they are read."""

    records: list[LogRecord]
    settings: FactSettings


def event(user: str, time: int | str, kind: str, event_id: str, **fields: object) -> LogRecord:
    """A record whose Kafka time is far ahead, so that it is never ``future``."""
    body = {"event_id": event_id, "user_id": user, "type": kind, "time": time} | fields
    return LogRecord(user.encode(), json.dumps(body, ensure_ascii=False).encode(), MAX_TIME_MS)


def mark(time: int, visits: int | None = None) -> LogRecord:
    """A clock mark that is never ``future``."""
    body = {"mark": time} if visits is None else {"mark": time, "visits": visits}
    return LogRecord(None, json.dumps(body).encode(), MAX_TIME_MS)


def erasure(user: str) -> LogRecord:
    """A record that erases a user."""
    return LogRecord(user.encode(), b'{"erase":true}', 0)


class Choose(Protocol):
    """Takes one of several: hypothesis does it so that logs shrink, a random generator so that they are long."""

    def __call__(self, options: Sequence[Any], /) -> Any: ...


SETTINGS: Final = (
    FactSettings(session_types=(CUSTOM_ACTIVITY,)),
    FactSettings(
        inactivity_ms=2 * DAY, session_gap_ms=10 * MINUTE, allowed_lateness_ms=3 * DAY, horizon_ms=DAY
    ),
    FactSettings(inactivity_ms=90 * DAY, allowed_lateness_ms=0, future_tolerance_ms=0, churn="either"),
    FactSettings(inactivity_ms=500 * DAY, allowed_lateness_ms=400 * DAY),
    FactSettings(inactivity_ms=60 * DAY, horizon_ms=180 * DAY, allowed_lateness_ms=30 * DAY),
    FactSettings(
        inactivity_ms=20 * DAY, horizon_ms=7 * DAY, allowed_lateness_ms=2 * DAY, churn="cancellation"
    ),
)
_STARTS: Final = (
    MIN_TIME_MS,
    1_500_000_000_000,
    1_500_055_200_000,  # 18:00
    1_583_020_799_999,  # the last of a leap day
    1_609_459_100_000,  # New Year's Eve
    MAX_TIME_MS - 400 * DAY,
)
_SHORT: Final = (0, 1, 999, 1000, MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, HOUR)
_LONG: Final = (
    *(6 * HOUR, 2 * DAY - 1, 2 * DAY + 1, 30 * DAY - 1, 30 * DAY + 1),
    *(DAY * days for days in (1, 2, 5, 7, 13, 29, 30, 31, 63, 64, 65, 89, 91, 223, 225)),
)
_BACK: Final = (
    *(1, 1000, MINUTE, HOUR, 12 * HOUR, DAY, DAY + 1, 2 * DAY, 3 * DAY),
    *(35 * DAY, 63 * DAY, 64 * DAY, 65 * DAY, 217 * DAY, 224 * DAY, 231 * DAY, 300 * DAY),
)
_TYPES: Final = (
    *(*EVENT_TYPES, CUSTOM, CUSTOM_ACTIVITY),
    # those that the rules are about, once more
    *(
        "session_start",
        "session_end",
        "page_view",
        "feature_use",
        "purchase",
        "purchase",
        "refund",
        "subscription_change",
        "subscription_change",
        "signup",
        "promotion",
    ),
)
_AMOUNTS: Final = (0.0, 0.005, 1.005, 2.675, -19.99, 0.1 + 0.2, 1e-3, 4e8, MAX_AMOUNT, -MAX_AMOUNT, 3, None)
_NAMES: Final = (*"abcdefgh", "", None)
_FIELDS: Final[dict[str, tuple[object, ...]]] = {
    "session_id": ("s1", "s1", "s2", "s3", "", None),
    "session_type": ("tutorial", "usage", "support", "reading", "", None),
    "platform": ("web", "ios", "", None),
    "plan": ("free", "trial", "none", "gold", "silver", "", None),
    "channel": ("search", "friend", "", None),
    "geography": ("FR", "JP", "", None),
    "feature": _NAMES,
    "category": _NAMES,
    "product": _NAMES,
    "order_id": ("o1", "o1", "o2", "", None),
    "quantity": (0, 1, 3, 1_000_000, None),
    "amount": _AMOUNTS,
    "discount": _AMOUNTS,
    "pages": (0, 1, 10_000, None),
    "duration": (0, 0.0005, 0.0015, 59.9995, 1800.0, 70_000.0, 86_400.0, None),
    "conversion": (True, True, False, None),
    "change": ("upgrade", "downgrade", None),
    "experiment": _NAMES,
    "variant": ("control", "Holdout", "offer", "", None),
    "mystery": ([{"deep": [1]}],),
}

FAULTS: Final = [
    LogRecord(b"ann", None, 0),
    LogRecord(None, None, 0),
    LogRecord(b"", b"", 0),
    LogRecord(b"ann", b"\xff{", 0),
    LogRecord(b"ann", b'{"event_id":"e","user_id":"ann","type":"t","time":1,"zz":"\xff"}', 0),
    LogRecord(b"ann", b"[" * 3000, 0),
    LogRecord(
        b"ann", b'{"event_id":"e","user_id":"ann","type":"t","time":1,"z":%s}' % (b"[" * 300 + b"]" * 300), 0
    ),
    LogRecord(b"ann", b" " * (MAX_EVENT_BYTES + 1), 0),
    LogRecord(b"ann", b'{"event_id":"e","user_id":"","type":"t","time":1}', 0),
    LogRecord(b"ann", b'{"user_id":"ann","type":"t","time":1}', 0),
    LogRecord(b"ann", b'{"event_id":"%s","user_id":"ann","type":"t","time":1}' % (b"e" * 129), 0),
    LogRecord(b"ann", b'{"event_id":"e","user_id":"ann","type":"t","time":NaN}', 0),
    LogRecord(b"ann", b'{"event_id":"e","user_id":"ann","type":"t","time":1e12}', 0),
    LogRecord(b"ann", b'{"event_id":"e","user_id":"ann","type":"t","time":1500000000000,"amount":1e300}', 0),
    LogRecord(b"ann", b'{"event_id":"e","user_id":"ann","type":"t","time":1500000000000,"quantity":-1}', 0),
    LogRecord(b"ann", b'{"mark":1500000000000}', MAX_TIME_MS),
    LogRecord(None, b'{"mark":1}', MAX_TIME_MS),
    LogRecord(None, b'{"mark":1500000000000,"visits":0}', MAX_TIME_MS),
    LogRecord(None, b'{"mark":1500000000000,"more":1}', MAX_TIME_MS),
    LogRecord(None, b'{"mark":1500000000000}', 1_400_000_000_000),
    LogRecord(None, b'{"erase":true}', 0),
    LogRecord(b"bob", b'{"erase":false}', 0),
    LogRecord(b"bob", b'{"erase":true,"more":1}', 0),
    LogRecord(b"", b'{"erase":true}', 0),
    LogRecord(b"b" * 129, b'{"erase":true}', 0),
    LogRecord(b"\xff", b'{"erase":true}', 0),
    LogRecord(STRANGER.encode(), b'{"erase":true}', 0),
    event("bob", -5, "page_view", "bad"),
    event("bob", 10**30, "page_view", "bad"),
    event("bob", MAX_TIME_MS, "page_view", "bad"),
    event("bob", MIN_TIME_MS - 1, "page_view", "bad"),
    event("bob", "0001-01-01T00:00:00+23:59", "page_view", "bad"),
    event("bob", "9999-12-31T23:59:59.999999-23:59", "page_view", "bad"),
    event(STRANGER, 1_500_000_000_000, "page_view", "strange"),
    event("ann", 1_500_000_000_000, "page_view", "strange")._replace(key=b"bob"),
    event("ann", 1_500_000_000_000, "page_view", "strange")._replace(key=b""),
    event("ann", 1, "page_view", "strange")._replace(key=b"bob"),
]


class _Writer:
    """Draws a log record by record; `now` is the latest event time drawn."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.settings: FactSettings = choose(SETTINGS)
        self.now: int = choose(_STARTS)
        self.records: list[LogRecord] = []
        self.ids = 0
        self.user = LOCALS[0]

    def log(self, moves: int) -> Log:
        usual = [self.event] * 12 + [self.mark] * self.choose([0, 1, 3])
        rare = [*usual, *[self.fault] * 4, self.burst, self.burst, self.leap, self.erase, self.erase]
        for _ in range(moves):
            self.choose([*usual, self.choose(rare)])()
        return Log(self.records, self.settings)

    def leap(self) -> None:
        """Years later."""
        self.step((2000 * DAY,))

    def step(self, steps: tuple[int, ...]) -> None:
        step: int = self.choose(steps)
        if self.now + step < MAX_TIME_MS:
            self.now += step

    def fields(self) -> dict[str, object]:
        names = [self.choose(list(_FIELDS)) for _ in range(self.choose(range(8)))]
        names += self.choose([[], ["session_id"]])
        return {name: self.choose(_FIELDS[name]) for name in names}

    def event(self) -> None:
        to_the_quarter = (-self.now % (6 * HOUR),)  # of the day: evenings, days, weeks and months begin there
        self.step(self.choose([_SHORT, _SHORT, _SHORT, _SHORT, _LONG, to_the_quarter]))
        time = self.now - self.choose([0, 0, self.choose(_BACK)])
        self.user = self.choose([self.user, self.user, self.choose(LOCALS)])
        self.ids += 1
        back = self.choose([0, 0, 0, 0, 1, 2, 63, 64, 65])
        as_written = self.choose([_number, _number, _text])
        record = event(
            self.user,
            as_written(time),
            self.choose(_TYPES),
            f"e{self.ids - back}",
            **self.fields(),
        )
        if self.choose(range(16)) == 1:
            record = record._replace(timestamp=time - self.settings.future_tolerance_ms - self.choose([0, 1]))
        self.records.append(record)

    def burst(self) -> None:
        """Many events of one user in a row: enough to push ids out, fill buckets and overflow them."""
        user, kind, fields = self.choose(LOCALS), self.choose(_TYPES), self.fields()
        apart = self.choose([0, 1000, MINUTE, HOUR, DAY])
        for _ in range(self.choose([7, 62, 63, 64])):
            self.step((apart,))
            self.ids += 1
            self.records.append(event(user, self.now, kind, f"e{self.ids}", **fields))

    def mark(self) -> None:
        ahead = self.choose([*_SHORT, self.choose(_LONG), *(-back for back in _BACK[:9])])
        time = min(max(self.now + ahead, MIN_TIME_MS), MAX_TIME_MS - 1)
        self.records.append(mark(time, self.choose([None, None, 1, 2, 3])))
        if self.choose([True, True, False]):
            self.now = max(self.now, time)

    def erase(self) -> None:
        blanks: bytes = self.choose([b"", b" " * 60])
        self.records.append(erasure(self.choose([self.user, *LOCALS])))
        self.records[-1] = self.records[-1]._replace(value=b'{"erase": true' + blanks + b"}")

    def fault(self) -> None:
        self.records.append(self.choose(FAULTS))


def _number(time: int) -> int:
    return time


def _text(time: int) -> str:
    """RFC 3339 with an offset, and microseconds to be cut off."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time, microseconds=999)
    return at.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat()


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Short logs, which shrink to what matters."""
    return _Writer(lambda options: draw(st.sampled_from(options))).log(draw(st.integers(1, 40)))


def long_log(rng: Random, moves: int) -> Log:
    """A log of at least about `moves` records."""
    return _Writer(rng.choice).log(moves)
