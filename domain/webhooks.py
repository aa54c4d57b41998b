"""What is sent to a webhook, when it is tried again, and when an endpoint is left alone.

Follows the Standard Webhooks specification (https://github.com/standard-webhooks/standard-webhooks): 2xx is success
and nothing else is, 410 means that nobody listens there any more, 429 and 503 may say when to come again.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from domain.control import FeedEntry, WebhookFilter

EVENTS: Final = (
    "alert.raised",
    "alert.returned",
    "alert.resolved",
    "churn_rate.raised",
    "churn_rate.resolved",
)
TEST_EVENT: Final = "webhook.test"

RETRIES_S: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 43_200.0)
"""Pauses after the first, second, ... failure of a delivery: 28 hours in all."""
JITTER: Final = 0.2
"""A pause is longer by up to this share, so that what has failed together does not come back together."""

_DAY_S: Final = 86_400.0
_LONGEST_HOLD_S: Final = 6 * 3600.0
"""More than this is not believed of a `Retry-After`."""

GONE_STATUS: Final = 410
_ASKS_FOR_PATIENCE: Final = (429, 503)


class Rules(NamedTuple):
    """How persistent deliveries are."""

    retries_s: tuple[float, ...] = RETRIES_S
    breaker_failures: int = 10
    """So many failures in a row, whichever events they are of, and the endpoint is left alone."""
    breaker_s: float = 30.0
    """For so long at first, then for twice as long after each probe that fails."""
    breaker_longest_s: float = 900.0
    failing_s: float = 5 * _DAY_S
    """An endpoint that has failed for so long without one success is paused until a person enables it."""
    in_flight: int = 8
    """Deliveries to one endpoint at the same time."""


class Answer(NamedTuple):
    """What came of one attempt."""

    status: int | None
    """Of HTTP; None where there was no answer."""
    ms: int
    """From the start to the end of the attempt."""
    fault: str = ""
    """Why there was no answer, in a word."""
    retry_after_s: float | None = None


class Breaker(NamedTuple):
    """What an endpoint has lately been like."""

    failures: int = 0
    """In a row."""
    failing_since: int = 0
    """ms: the first of them."""
    open_until: int = 0
    """ms: nothing is sent before."""
    paused_at: int = 0
    """ms: when it was given up; counts until a person enables the endpoint later than that."""
    paused_why: Literal["", "gone", "failing"] = ""


Verdict = Literal["delivered", "gone", "failed"]
State = Literal["closed", "half_open", "open", "paused"]


def wanted(entry: FeedEntry, by: WebhookFilter) -> bool:
    """Whether an entry passes.

    What is asked of a user's alert is not asked of the churn rate of a segment. A tier is not asked of a resolved
    alert, which has a new one: who was told of the rise hears of its end. An alert that does not say its plan or
    money does not pass a filter that asks for it.
    """
    if by.events and entry.event not in by.events:
        return False
    if not entry.event.startswith("alert."):
        return True
    body = entry.body
    if by.tiers and entry.event != "alert.resolved" and body.get("tier") not in by.tiers:
        return False
    if by.plans and body.get("plan") not in by.plans:
        return False
    if by.urgent and body.get("urgent") is not True:
        return False
    money = body.get("money_at_risk")
    return by.minimum_value <= 0 or (isinstance(money, int | float) and money >= by.minimum_value)


def delivery_id(webhook: str, number: int) -> str:
    """Header `webhook-id`: the same for each attempt, and for each replay, of one entry to one endpoint."""
    return "msg_" + hashlib.sha256(f"{webhook}/{number}".encode()).hexdigest()[:32]


def payload(entry: FeedEntry) -> bytes:
    """The body, the same for each attempt."""
    data = {"number": entry.number, "alert": entry.alert, "user": entry.user, "details": entry.body}
    return _body(entry.event, entry.at, data)


def test_payload(webhook: str, at_ms: int) -> bytes:
    """What the test button sends."""
    return _body(TEST_EVENT, at_ms, {"webhook": webhook, "text": "a test: nothing has happened"})


def verdict(answer: Answer) -> Verdict:
    """Redirects are failures: they are not followed."""
    if answer.status is not None and 200 <= answer.status < 300:
        return "delivered"
    return "gone" if answer.status == GONE_STATUS else "failed"


def retry_after(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110, 10.2.3: a number, or a date), None without a usable one."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), _LONGEST_HOLD_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now_ms / 1000
    return min(max(0.0, seconds), _LONGEST_HOLD_S)


def next_due(attempts: int, answer: Answer, now_ms: int, rules: Rules, chance: float) -> int | None:
    """ms when a delivery that has failed is tried again, None when it is given up.

    Args:
        attempts: so far, this one included.
        chance: uniform in [0, 1).
    """
    if attempts > len(rules.retries_s):
        return None
    pause = rules.retries_s[attempts - 1] * (1 + JITTER * chance)
    return now_ms + int(max(pause, _hold_s(answer)) * 1000)


def breaker_after(before: Breaker, answer: Answer, now_ms: int, rules: Rules) -> Breaker:
    """After an attempt. Attempts that were under way when it opened do not open it further."""
    what = verdict(answer)
    if what == "delivered":
        return Breaker()
    failing_since = before.failing_since or now_ms
    failures = before.failures if now_ms < before.open_until else before.failures + 1
    open_until = max(before.open_until, now_ms + int(_hold_s(answer) * 1000) if _hold_s(answer) else 0)
    if failures >= rules.breaker_failures and now_ms >= before.open_until:
        doubled = min(failures - rules.breaker_failures, 32)
        open_s = min(rules.breaker_s * 2**doubled, rules.breaker_longest_s)
        open_until = max(open_until, now_ms + int(open_s * 1000))
    paused_at, why = before.paused_at, before.paused_why
    if what == "gone":
        paused_at, why = now_ms, "gone"
    elif now_ms - failing_since >= rules.failing_s * 1000:
        paused_at, why = now_ms, "failing"
    return Breaker(failures, failing_since, open_until, paused_at, why)


def paused(breaker: Breaker, enabled_since: int) -> bool:
    """Whether nothing is sent until a person enables the endpoint."""
    return enabled_since == 0 or breaker.paused_at >= enabled_since


def resumed(breaker: Breaker, enabled_since: int) -> Breaker:
    """As it counts after a person has enabled the endpoint: from the beginning."""
    return Breaker() if breaker.paused_at and not paused(breaker, enabled_since) else breaker


def state_of(breaker: Breaker, enabled_since: int, now_ms: int, rules: Rules) -> State:
    """In a word."""
    if paused(breaker, enabled_since):
        return "paused"
    if now_ms < breaker.open_until:
        return "open"
    return "half_open" if breaker.failures >= rules.breaker_failures else "closed"


def room(state: State, in_flight: int, rules: Rules) -> int:
    """How many more deliveries may begin; a half-open breaker lets one through, as a probe."""
    most = {"closed": rules.in_flight, "half_open": 1, "open": 0, "paused": 0}[state]
    return max(0, most - in_flight)


def _hold_s(answer: Answer) -> float:
    asked = answer.retry_after_s
    return asked if asked is not None and answer.status in _ASKS_FOR_PATIENCE else 0.0


def _body(kind: str, at_ms: int, data: dict[str, Any]) -> bytes:
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return msgspec.json.encode({"type": kind, "timestamp": at.replace("+00:00", "Z"), "data": data})
