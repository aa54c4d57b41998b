"""What the courier counts; labels name webhooks by their ids, never users."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.webhooks import State
from stream_processors.restarted import tell_restarts

_STATES: Final[tuple[State, ...]] = ("closed", "half_open", "open", "paused")


class CourierMetrics:
    """Of one process."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        self.deliveries = Counter(
            "ebbwatch_courier_deliveries_total",
            "Attempts by what came of them: delivered, failed, gone, dead (given up), withdrawn (entry taken away).",
            ["webhook", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "ebbwatch_courier_attempt_seconds",
            "From the start to the end of an attempt.",
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 15),
            registry=registry,
        )
        self._breaker = Gauge(
            "ebbwatch_courier_breaker_state",
            "1 for the state that the endpoint is in: closed, half_open, open, paused.",
            ["webhook", "state"],
            registry=registry,
        )
        self._waiting = Gauge(
            "ebbwatch_courier_waiting_deliveries", "Deliveries that wait.", ["webhook"], registry=registry
        )
        self._dead = Gauge(
            "ebbwatch_courier_dead_deliveries",
            "Deliveries that were given up.",
            ["webhook"],
            registry=registry,
        )
        self._oldest = Gauge(
            "ebbwatch_courier_oldest_waiting_seconds",
            "Age of the delivery that waits longest, 0 if none does.",
            ["webhook"],
            registry=registry,
        )
        self.waits = Counter(
            "ebbwatch_courier_waits_total", "Calls that found a service away.", ["service"], registry=registry
        )
        tell_restarts(registry, "courier", restarts)

    def standing(self, webhook: str, state: State, waiting: int, dead: int, oldest_s: float) -> None:
        """How one endpoint stands."""
        for each in _STATES:
            self._breaker.labels(webhook, each).set(each == state)
        self._waiting.labels(webhook).set(waiting)
        self._dead.labels(webhook).set(dead)
        self._oldest.labels(webhook).set(oldest_s)

    def forget(self, webhook: str) -> None:
        """It was deleted."""
        for gauge in (self._waiting, self._dead, self._oldest):
            gauge.remove(webhook)
        for each in _STATES:
            self._breaker.remove(webhook, each)
