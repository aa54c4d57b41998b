"""What the console counts: pages, calls of the API, who is there; no label names a visitor, a user or a file."""

from collections.abc import Callable
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

Outcome = Literal["answered", "refused", "failed", "away", "cancelled"]
"""Of a call: done; not done, for a reason of the caller's (4xx); a fault of the API (5xx); not answered, or for
want of what the API needs (502 to 504); nobody waits for the answer any more."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
Refusal = Literal["key", "scopes"]
"""Of a sign-in: the API does not take the key; the key may do nothing that the console shows."""

_PAGE_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_CALL_BUCKETS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


class ConsoleMetrics:
    """Of one process."""

    def __init__(
        self, registry: CollectorRegistry, restarts: int = 0, sessions: Callable[[], int] = lambda: 0
    ) -> None:
        """
        Args:
            sessions: how many are signed in; asked at each scrape, by another thread.
        """
        self._requests = Counter(
            "ebbwatch_console_requests_total",
            "Requests answered, by page; what belongs to all pages under the beginning of its path",
            ["route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "ebbwatch_console_request_seconds",
            "From a request's head to the end of its answer",
            ["route"],
            buckets=_PAGE_BUCKETS,
            registry=registry,
        )
        self._calls = Counter(
            "ebbwatch_console_calls_total",
            "Calls of the API: answered, refused (4xx), failed (5xx), away, cancelled (the visitor went on)",
            ["outcome"],
            registry=registry,
        )
        self._call_seconds = Histogram(
            "ebbwatch_console_call_seconds",
            "From a call of the API to the head of its answer, or to the fault",
            ["outcome"],
            buckets=_CALL_BUCKETS,
            registry=registry,
        )
        self.clients = Gauge("ebbwatch_console_clients", "Pages that are open in browsers", registry=registry)
        self._sign_ins = Counter(
            "ebbwatch_console_refused_sign_ins_total",
            "Sign-ins that were refused: the API does not take the key, or its scopes are of no use here",
            ["reason"],
            registry=registry,
        )
        Gauge("ebbwatch_console_sessions", "Visitors that are signed in", registry=registry).set_function(
            sessions
        )
        Gauge(
            "ebbwatch_console_restarts", "Times that the supervisor has started it anew", registry=registry
        ).set(restarts)
        # a counter that is not told before its first one shows no increase by it
        for outcome in OUTCOMES:
            self._calls.labels(outcome)
            self._call_seconds.labels(outcome)
        for reason in get_args(Refusal):
            self._sign_ins.labels(reason)

    def request(self, route: str, status: int, seconds: float) -> None:
        """One was answered."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def call(self, outcome: Outcome, seconds: float) -> None:
        """One has ended."""
        self._calls.labels(outcome).inc()
        self._call_seconds.labels(outcome).observe(seconds)

    def refused(self, reason: Refusal) -> None:
        """Somebody was not let in."""
        self._sign_ins.labels(reason).inc()
