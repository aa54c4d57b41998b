"""Records that nobody should send, between good ones, each with what must become of it."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, NamedTuple

from domain.events import MAX_EVENT_BYTES
from domain.partitioner import partition_of

START: Final = 1_704_067_200_000  # 2024-01-01
MARK_EVERY: Final = 5_000
"""A clock mark stands after each so many records; the clock must end where the last of them says."""

_STEP_MS: Final = 200  # all of 200,000 lie within the allowed lateness, so that repaired ones can come in
_USERS: Final = 500
_DAY: Final = 86_400_000


class Message(NamedTuple):
    """One record, for one partition."""

    key: bytes | None
    value: bytes | None
    partition: int
    reason: str
    """Of its dead letter; empty for a good event, ``mark`` for a clock mark that counts."""


def messages(seed: int, count: int, partitions: int, huge: int = 24) -> Iterator[Message]:
    """`count` hostile records and a good one after every second of them, and the marks.

    Args:
        huge: how many of the hostile ones have 2 MB.
    """
    random = Random(seed)
    kinds = sorted(HOSTILE)
    every = max(1, count // huge)
    now = START
    for partition in range(partitions):
        yield Message(None, b'{"mark": %d}' % (now - _DAY), partition, "mark")
    for number in range(count):
        user = f"user-{random.randrange(_USERS)}"
        good = {"event_id": f"h{number}", "user_id": user, "type": "page_view", "time": now}
        home = partition_of(user.encode(), partitions)
        if number % every == 0:
            yield Message(user.encode(), huge_value(random), home, "too_large")
        else:
            key, value, reason = HOSTILE[random.choice(kinds)](random, good)
            at = home if key == user.encode() or key is None else _home(key, partitions)
            if reason == "elsewhere":
                at, reason = (home + 1) % partitions, "misrouted" if partitions > 1 else ""
            yield Message(key, value, at, reason)
        if number % 2 == 0:
            good["event_id"] = f"g{number}"
            yield Message(user.encode(), json.dumps(good).encode(), home, "")
        if number % MARK_EVERY == MARK_EVERY - 1:
            for partition in range(partitions):
                yield Message(None, b'{"mark": %d}' % now, partition, "mark")
        now += _STEP_MS


def last_mark(count: int) -> int:
    """Where the clock stands after `messages` of so many, ms."""
    marks = count // MARK_EVERY
    return START + (marks * MARK_EVERY - 1) * _STEP_MS if marks else START - _DAY


def huge_value(random: Random) -> bytes:
    """2 MB of something."""
    return random.choice(
        (
            b"x" * 2_000_000,
            b'{"event_id": "' + b"e" * 2_000_000 + b'"}',
            b"[" * 2_000_000,
            random.randbytes(2_000_000),
        )
    )


Made = tuple[bytes | None, bytes | None, str]
Fields = dict[str, Any]


def _with(reason: str, **fields: Any) -> Callable[[Random, Fields], Made]:
    """A good event but for these fields; a callable is asked for the value."""

    def make(random: Random, good: Fields) -> Made:
        changed = good | {name: f(random) if callable(f) else f for name, f in fields.items()}
        return good["user_id"].encode(), json.dumps(changed).encode(), reason

    return make


def _without(name: str, reason: str) -> Callable[[Random, Fields], Made]:
    def make(random: Random, good: Fields) -> Made:
        left = {k: v for k, v in good.items() if k != name}
        return good["user_id"].encode(), json.dumps(left).encode(), reason

    return make


def _text(reason: str, edit: Callable[[Random, bytes], bytes]) -> Callable[[Random, Fields], Made]:
    """A good event whose bytes are then spoilt."""

    def make(random: Random, good: Fields) -> Made:
        return good["user_id"].encode(), edit(random, json.dumps(good).encode()), reason

    return make


def _field(reason: str, raw: bytes) -> Callable[[Random, Fields], Made]:
    """A good event with a further field of which no JSON library would write the value."""
    return _text(reason, lambda _, value: value[:-1] + b", " + raw + b"}")


def _bare(reason: str, *values: bytes) -> Callable[[Random, Fields], Made]:
    """A value of its own, under a user's key."""
    return lambda random, good: (good["user_id"].encode(), random.choice(values), reason)


def _mark(reason: str, *values: bytes) -> Callable[[Random, Fields], Made]:
    return lambda random, good: (None, random.choice(values), reason)


def _wrong_key(random: Random, good: Fields) -> Made:
    key = random.choice((b"", b"user-x", b"\xff\xfe", b"user-1\x00", good["user_id"].upper().encode()))
    return key, json.dumps(good).encode(), "misrouted"


def _keyed_mark(random: Random, good: Fields) -> Made:
    return good["user_id"].encode(), b'{"mark": %d}' % (good["time"] + 400 * _DAY), "no_user"


def _deep(random: Random, good: Fields) -> Made:
    depth = random.choice((257, 1000, 9000))
    opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    middle = b"1" if opening != b"[" else b""
    deep = b'"properties": ' + opening * depth + middle + closing * depth
    return _field("malformed", deep)(random, good)


def _elsewhere(random: Random, good: Fields) -> Made:
    return good["user_id"].encode(), json.dumps(good).encode(), "elsewhere"


HOSTILE: Final[dict[str, Callable[[Random, Fields], Made]]] = {
    "cut short": _text("malformed", lambda random, v: v[: random.randrange(1, len(v))]),
    "two values": _text("malformed", lambda _, v: v + v),
    "no JSON": _bare("malformed", b"", b" ", b"null", b"[]", b"1", b'"text"', b"tru", b"{", b"\x00", b"}{"),
    "bytes by chance": lambda random, good: (
        good["user_id"].encode(), b"\x80" + random.randbytes(random.randrange(300)), "malformed",
    ),
    "broken UTF-8": _text("malformed", lambda _, v: v.replace(b"page_view", b"page\xff\xc0view")),
    "half a surrogate": _text("malformed", lambda _, v: v.replace(b"page_view", b"\\ud800")),
    "a NUL in the text": _text("malformed", lambda _, v: v.replace(b"page_view", b"page\x00view")),
    "type is a number": _with("malformed", type=lambda random: random.choice((1, 1.5, True, [], {}, None))),
    "time is a word": _with("malformed", time=lambda random: random.choice(("soon", "", "2024", None, [], 1.5))),
    "time without a zone": _with("malformed", time="2024-01-01T10:00:00"),
    "time beyond all numbers": _text("bad_time", lambda _, v: v.replace(b'"time": ', b'"time": 9' + b"9" * 400)),
    "a user who is a number": _with("malformed", user_id=lambda random: random.choice((5, 5.5, True, [], {}))),
    "NaN": _field("malformed", b'"amount": NaN'),
    "infinite": _field("malformed", b'"amount": Infinity'),
    "infinite by size": _field("malformed", b'"amount": 1e999'),
    "minus infinite": _field("malformed", b'"discount": -1e400'),
    "too much money": _with("malformed", amount=lambda random: random.choice((1.1e10, -1.1e10, 1e300))),
    "quantity of nonsense": _with("malformed", quantity=lambda random: random.choice((-1, 10**7, 10**30, "3", 1.5))),
    "pages below none": _with("malformed", pages=-1),
    "longer than a day": _with("malformed", duration=lambda random: random.choice((86_401, -1, 1e300))),
    "change of nonsense": _with("malformed", change="sidegrade"),
    "no user": _without("user_id", "no_user"),
    "empty user": _with("no_user", user_id=lambda random: random.choice(("", None))),
    "no event id": _without("event_id", "no_event_id"),
    "empty event id": _with("no_event_id", event_id=lambda random: random.choice(("", None))),
    "over-long event id": _with("too_long", event_id=lambda random: "e" * random.choice((129, 5000))),
    "over-long user": _with("too_long", user_id=lambda random: "u" * random.choice((129, 5000))),
    "over-long session": _with("too_long", session_id="s" * 129),
    "over-long type": _with("too_long", type="t" * 65),
    "no type": _without("type", "malformed"),
    "no time": _without("time", "malformed"),
    "year 1": _with("bad_time", time="0001-01-01T00:00:00Z"),
    "year 9999": _with("bad_time", time="9999-12-31T23:59:59Z"),
    "before the epoch": _with("bad_time", time=lambda random: -random.randrange(1, 10**15)),
    "beyond 64 bits": _with("bad_time", time=lambda random: random.choice((2**63, 2**64, 2**90, -(2**70)))),
    "in some years": _with("future", time=3_000_000_000_000),
    "much too late": _with("too_late", time=START - 400 * _DAY),
    "tombstone": lambda random, good: (good["user_id"].encode(), None, "tombstone"),
    "tombstone without a key": lambda random, good: (None, None, "tombstone"),
    "somebody else's key": _wrong_key,
    "somebody else's partition": _elsewhere,
    "nested deeply": _deep,
    "a little too large": _text("too_large", lambda _, v: v[:-1] + b', "note": "' + b"n" * MAX_EVENT_BYTES + b'"}'),
    "mark of the far future": _mark("future", b'{"mark": 3786911999999}', b'{"mark": 3000000000000}'),
    "mark out of range": _mark("malformed", b'{"mark": 1}', b'{"mark": 99999999999999999999}', b'{"mark": -5}'),
    "mark of nonsense": _mark("malformed", b'{"mark": "now"}', b'{"mark": 1704067200000.5}', b"{}", b"x",
                              b'{"mark": 1704067200000, "visits": 0}', b'{"mark": 1704067200000, "x": 1}'),
    "mark with a key": _keyed_mark,
    "event without a key": lambda random, good: (None, json.dumps(good).encode(), "malformed"),
}  # fmt: skip
"""By name; each makes key, value and reason from a good event's fields."""


def _home(key: bytes, partitions: int) -> int:
    return partition_of(key, partitions) if key else 0
