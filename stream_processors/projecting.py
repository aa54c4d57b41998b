"""Brings what stands in `control` into Redis, several records at a time."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import msgspec
from redis import Redis

from control import tables
from control.alert_effects import step_effects, taken_away
from control.effects import Command, effects, removal
from control.projection import Projection
from domain.alert_life import AlertState
from domain.control import Contact, ControlError, Record, Step, decode
from domain.events import Event
from domain.treatments import of_contact, of_step
from stream_processors.notifier_metrics import NotifierMetrics
from stream_processors.tail import Tail, Taken

log = logging.getLogger("ebbwatch.notifier")

_AT_ONCE: Final = 200
_STEP: Final = b"step/"


class Projector:
    """The one that projects. Synchronous; one thread."""

    def __init__(
        self,
        store: Redis,
        projection: Projection,
        control: Tail,
        publish: Callable[[Sequence[Event]], None],
        metrics: NotifierMetrics,
    ) -> None:
        """
        Args:
            publish: sends what the facts have to know of decisions (`domain.treatments`), and returns when it has
                left.
        """
        self._store = store
        self._publish = publish
        self._projection = projection
        self._control = control
        self._metrics = metrics

    def project(self, patience_s: float) -> None:
        """Project what comes within `patience_s`.

        Events leave first: a crash between the two repeats them under the same ids.

        Raises:
            LostProjectionError: somebody else projects.
            redis.exceptions.RedisError: Redis is away.
        """
        taken = self._control.take(_AT_ONCE, patience_s)
        if not taken:
            return
        records = [(one, _record(one)) for one in taken]
        known = load(self._store, {about for one, record in records if (about := _alert(one, record))})
        commands: list[Command] = []
        events: list[Event] = []
        for one, record in records:
            made = self._commands(one, record, known)
            commands += made
            events += _events(record, known, took_effect=bool(made))
        self._publish(events)
        self._projection.apply(taken[-1].offset, commands)

    def at_end(self) -> bool:
        """Whether all of the topic is projected."""
        behind = self._control.behind()
        self._metrics.lag.labels("control").set(behind)
        return behind == 0

    def check(self) -> None:
        """Ask whether what was projected is still there.

        Raises:
            LostProjectionError: somebody else projects, or the store was emptied.
            redis.exceptions.RedisError: Redis is away.
        """
        self._projection.check()

    def _commands(self, taken: Taken, record: Record | None, known: dict[str, AlertState]) -> list[Command]:
        """Commands of one record; `known` becomes what it leaves."""
        about = _alert(taken, record)
        if isinstance(record, Step):
            before = known.get(about)
            after, commands = step_effects(record, taken.offset, before)
            if after is not None:
                known[about] = after
            if after is not None and commands:
                self._metrics.stepped(before, after, record)
            return commands
        if about:
            gone = known.pop(about, None)
            if gone is None:
                return []
            self._metrics.taken_away(gone)
            return taken_away(gone)
        if record is not None:
            return effects(record)
        return removal(taken.key) if taken.value is None else []


def load(store: Redis, alerts: set[str] | Sequence[str]) -> dict[str, AlertState]:
    """Alerts by id, as they are projected; those that are unknown are left out."""
    ids = list(alerts)
    if not ids:
        return {}
    stored = cast("list[bytes | None]", cast(Any, store.hmget(tables.ALERTS, ids)))
    return {
        id_: msgspec.json.decode(value, type=AlertState)
        for id_, value in zip(ids, stored, strict=True)
        if value is not None
    }


def _record(taken: Taken) -> Record | None:
    if taken.value is None:
        return None
    try:
        return decode(taken.value)
    except ControlError as fault:
        log.error("control, offset %s, is skipped: %s", taken.offset, fault)  # noqa: TRY400 no bug of ours
        return None


def _alert(taken: Taken, record: Record | None) -> str:
    """Which alert a record is a step of, or takes a step of away; empty for none."""
    if isinstance(record, Step):
        return record.alert
    if taken.value is None and taken.key.startswith(_STEP):
        return taken.key.removeprefix(_STEP).split(b".")[0].decode("utf-8", "replace")
    return ""


def _events(record: Record | None, known: dict[str, AlertState], *, took_effect: bool) -> list[Event]:
    if isinstance(record, Contact):
        return [of_contact(record)]
    if isinstance(record, Step) and took_effect:
        event = of_step(record, known[record.alert])
        return [] if event is None else [event]
    return []
