"""What the notifier tells Prometheus: alerts by state, what is done about them, how far it has read."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, cast, get_args

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from redis import Redis

from control import tables
from domain.alert_life import AlertState, State
from domain.control import Step
from stream_processors.restarted import tell_restarts

HANDLED: Final = ("acknowledged", "snoozed", "dismissed", "resolved", "expired")
"""Steps by which an alert that was handed out is open no more."""
_AT_ONCE: Final = 1_000


class _Stored(msgspec.Struct):
    state: State


class NotifierMetrics:
    """Metrics of one notifier process; no user ids."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        self._alerts = Gauge(
            "ebbwatch_notifier_alerts",
            "Alerts by the state that they are in now.",
            ["state"],
            registry=registry,
        )
        self._steps = Counter(
            "ebbwatch_notifier_steps_total", "Steps of alerts that took effect.", ["step"], registry=registry
        )
        self._handling = Histogram(
            "ebbwatch_notifier_handling_seconds",
            "From handing an alert out to the first step by which it was open no more, by that step.",
            ["step"],
            buckets=(60, 300, 900, 3_600, 4 * 3_600, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400),
            registry=registry,
        )
        self.lag = Gauge(
            "ebbwatch_notifier_lag_records", "Records of a topic that are not read yet.", ["topic"],
            registry=registry,
        )  # fmt: skip
        tell_restarts(registry, "notifier", restarts)

    def standing(self, states: Iterable[State]) -> None:
        """Alerts as they are at the start."""
        counts = dict.fromkeys(get_args(State), 0)
        for state in states:
            counts[state] += 1
        for state, count in counts.items():
            self._alerts.labels(state).set(count)

    def stepped(self, before: AlertState | None, after: AlertState, step: Step) -> None:
        """A step has made `after` of `before`."""
        self._steps.labels(step.what).inc()
        self._moved(before, after)
        if before is None or before.state != "open" or after.state == "open" or step.what not in HANDLED:
            return
        if not any(earlier.what in HANDLED for earlier in before.steps):
            self._handling.labels(step.what).observe(max(0, step.at - before.released) / 1000)

    def taken_away(self, before: AlertState) -> None:
        """An alert is no more: its user is erased."""
        self._moved(before, None)

    def _moved(self, before: AlertState | None, after: AlertState | None) -> None:
        if before is not None:
            self._alerts.labels(before.state).dec()
        if after is not None:
            self._alerts.labels(after.state).inc()


def states(store: Redis) -> Iterator[State]:
    """Of all alerts that are projected, while nobody projects.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    seen: set[bytes] = set()
    cursor = 0
    while True:
        cursor, found = cast(Any, store.hscan(tables.ALERTS, cursor, count=_AT_ONCE))
        for id_, value in found.items():
            if id_ not in seen:  # a scan may bring some twice
                seen.add(id_)
                yield msgspec.json.decode(value, type=_Stored).state
        if not cursor:
            return
