"""The brake on alerts: a broken pipe must not look like everybody leaving.

It goes on when hardly any events come compared with the same hour a week ago, or when too many users rise at one
mark. While it is on, alerts are recorded and not sent. It looks at one partition, in the time of Kafka's records, so
that a worker that is late does not take its own delay for silence.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import msgspec

HOUR_MS: Final = 3_600_000
WEEK_HOURS: Final = 168
HOURS: Final = 192
"""Eight days: an hour of now, and those around the same hour a week ago."""

Cause = Literal["", "events", "rises", "operator"]
Command = Literal["hold", "open"]


class Rules(NamedTuple):
    """When it goes on and off."""

    few: float = 0.2
    """On: an hour with less than this share of the events of the same hour a week ago."""
    enough: float = 0.5
    """Off again: an hour with at least this share."""
    least_events: int = 100
    """An hour with fewer events a week ago proves nothing."""
    share: float = 0.05
    """On: more than this share of the users scored at one mark have risen."""
    least_rises: int = 20
    """Fewer than so many users are no storm."""
    hold_ms: int = HOUR_MS
    """After too many rises it stays on until so long after the last of them."""
    free_ms: int = 24 * HOUR_MS
    """Opened by an operator, it stays off for so long."""


class Brake(msgspec.Struct, frozen=True, array_like=True):
    """State of a partition's brake."""

    hour: int = 0
    """The newest hour, counted from 1970."""
    counts: tuple[int, ...] = (0,) * HOURS
    """Events by hour modulo `HOURS`."""
    mark: int = 0
    """The mark that scores are counted for, ms."""
    scored: int = 0
    rises: int = 0
    since: int = 0
    """ms: on since; 0 for off."""
    cause: Cause = ""
    until: int = 0
    """ms: it stays as it is at least until then (on after rises, off after an operator)."""
    operated: int = 0
    """ms: when the last command of an operator was given."""

    @property
    def on(self) -> bool:
        """Whether alerts are held."""
        return self.since > 0

    def encode(self) -> bytes:
        """MessagePack, for the store."""
        return msgspec.msgpack.encode(self)


class DamagedBrakeError(ValueError):
    """The stored state is none of ours."""


def decode(stored: bytes | None) -> Brake:
    """Inverse of `Brake.encode`; None stands for a partition that has had none.

    Raises:
        DamagedBrakeError: it is none.
    """
    if stored is None:
        return Brake()
    try:
        brake = msgspec.msgpack.decode(stored, type=Brake)
    except msgspec.MsgspecError as fault:
        raise DamagedBrakeError(f"the state of the brake cannot be read: {fault}") from fault
    if len(brake.counts) != HOURS:
        raise DamagedBrakeError(f"the brake counts {len(brake.counts)} hours, not {HOURS}")
    return brake


def counted(brake: Brake, by_hour: Sequence[tuple[int, int]]) -> Brake:
    """With further events, as (hour since 1970, number); hours that are forgotten already do not count."""
    if not by_hour:
        return brake
    newest = max(brake.hour, *(hour for hour, _ in by_hour))
    counts = _moved_on(brake, newest)
    for hour, number in by_hour:
        if hour > newest - HOURS:
            counts[hour % HOURS] += number
    return msgspec.structs.replace(brake, hour=newest, counts=tuple(counts))


def judged(brake: Brake, now: int, mark: int, scored: int, rises: int, rules: Rules) -> Brake:
    """After further users were scored.

    Args:
        now: Kafka's time of the last record read, ms.
        mark: the clock that they were scored at, ms.
        scored: how many users.
        rises: how many of them rose into a tier that raises an alert.
    """
    hour = max(brake.hour, now // HOUR_MS)
    before = (brake.scored, brake.rises) if mark == brake.mark else (0, 0)
    brake = msgspec.structs.replace(
        brake,
        hour=hour,
        counts=tuple(_moved_on(brake, hour)) if hour > brake.hour else brake.counts,
        mark=mark,
        scored=before[0] + scored,
        rises=before[1] + rises,
    )
    if brake.cause == "operator" or (not brake.on and now < brake.until):
        return brake
    seen, usual = _this_hour(brake, now)
    if brake.rises >= rules.least_rises and brake.rises > rules.share * brake.scored:
        return _held(brake, now, "rises", now + rules.hold_ms)
    if usual >= rules.least_events and seen < rules.few * usual:
        return brake if brake.on else _held(brake, now, "events", 0)
    recovered = usual < rules.least_events or seen >= rules.enough * usual
    if brake.on and now >= brake.until and recovered:
        return _off(brake, 0)
    return brake


def operated(brake: Brake, command: Command, now: int, rules: Rules) -> Brake:
    """After an operator's command, given at `now` (ms): held until the operator opens it, or open for a day.

    A command that was obeyed already changes nothing.
    """
    if now <= brake.operated:
        return brake
    brake = msgspec.structs.replace(brake, operated=now)
    return _held(brake, now, "operator", 0) if command == "hold" else _off(brake, now + rules.free_ms)


def words(brake: Brake) -> str:
    """Why it is on, for an operator."""
    if brake.cause == "events":
        return "hardly any events compared with the same hour a week ago: is the pipe broken?"
    if brake.cause == "rises":
        return f"{brake.rises:,} of {brake.scored:,} users rose at one mark"
    return "held by an operator" if brake.on else "off"


def _this_hour(brake: Brake, now: int) -> tuple[float, float]:
    """Events of the last 60 minutes, and of the same a week ago.

    Only whole hours are counted, so that of the former one enters with the share that 60 minutes reach into it.
    """
    hour, passed = now // HOUR_MS, now % HOUR_MS / HOUR_MS
    week_ago = hour - WEEK_HOURS

    def of(h: int) -> int:
        return brake.counts[h % HOURS] if brake.hour - HOURS < h <= brake.hour else 0

    seen = of(hour) + (1 - passed) * of(hour - 1)
    usual = passed * of(week_ago) + (1 - passed) * of(week_ago - 1)
    return seen, usual


def _moved_on(brake: Brake, newest: int) -> list[int]:
    counts = list(brake.counts)
    for hour in range(max(brake.hour + 1, newest - HOURS + 1), newest + 1):
        counts[hour % HOURS] = 0
    return counts


def _held(brake: Brake, now: int, cause: Cause, until: int) -> Brake:
    return msgspec.structs.replace(brake, since=brake.since or now, cause=cause, until=until)


def _off(brake: Brake, until: int) -> Brake:
    return msgspec.structs.replace(brake, since=0, cause="", until=until)
