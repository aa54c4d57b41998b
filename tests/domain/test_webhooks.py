"""What is sent, when it is tried again, and when an endpoint is left alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.control import FeedEntry, WebhookFilter
from domain.webhooks import (
    Answer,
    Breaker,
    Rules,
    breaker_after,
    delivery_id,
    next_due,
    paused,
    payload,
    resumed,
    retry_after,
    room,
    state_of,
    verdict,
    wanted,
)

NOW = 1_750_000_000_000
RULES = Rules()
FAILED, WELL = Answer(500, 20), Answer(200, 20)


def entry(event: str = "alert.raised", **body: Any) -> FeedEntry:
    return FeedEntry(number=42, event=event, alert="a1", user="ann", at=NOW, body=body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("by", "passes"),
    [
        (WebhookFilter(), True),
        (WebhookFilter(events=("alert.raised",)), True),
        (WebhookFilter(events=("alert.resolved",)), False),
        (WebhookFilter(tiers=("high",)), True),
        (WebhookFilter(tiers=("medium",)), False),
        (WebhookFilter(plans=("premium", "trial")), True),
        (WebhookFilter(plans=("trial",)), False),
        (WebhookFilter(minimum_value=80.0), True),
        (WebhookFilter(minimum_value=80.1), False),
        (WebhookFilter(urgent=True), True),
        (WebhookFilter(events=("alert.raised",), tiers=("high",), minimum_value=81.0), False),
    ],
)
def test_a_filter_asks_for_kind_tier_plan_money_and_urgency(by: WebhookFilter, passes: bool) -> None:
    raised = entry(tier="high", plan="premium", money_at_risk=80.0, urgent=True)
    assert wanted(raised, by) is passes


def test_who_was_told_of_a_rise_hears_of_its_end() -> None:
    assert wanted(entry("alert.resolved", tier="low"), WebhookFilter(tiers=("high",)))


def test_what_an_alert_does_not_say_does_not_pass_and_a_segment_is_not_asked() -> None:
    for by in (
        WebhookFilter(tiers=("high",)), WebhookFilter(plans=("x",)), WebhookFilter(minimum_value=1.0),
        WebhookFilter(urgent=True),
    ):  # fmt: skip
        assert not wanted(entry(), by)
        assert wanted(entry("churn_rate.raised"), by)


def test_the_body_has_the_shape_of_the_specification() -> None:
    body = json.loads(payload(entry(tier="high")))
    assert body == {
        "type": "alert.raised",
        "timestamp": "2025-06-15T15:06:40.000Z",
        "data": {"number": 42, "alert": "a1", "user": "ann", "details": {"tier": "high"}},
    }


def test_a_delivery_has_one_id_for_ever_and_shares_it_with_none() -> None:
    ids = {delivery_id(webhook, number) for webhook in ("wh_1", "wh_2") for number in range(1000)}
    assert len(ids) == 2000
    assert delivery_id("wh_1", 7) == "msg_" + "da3b3586749b41729edcf380ce863375"
    assert "." not in delivery_id("wh_1", 7), "the signed text is cut at dots"


@pytest.mark.parametrize(
    ("status", "what"),
    [(200, "delivered"), (204, "delivered"), (299, "delivered"), (301, "failed"), (302, "failed"), (307, "failed"),
     (400, "failed"), (404, "failed"), (410, "gone"), (429, "failed"), (500, "failed"), (None, "failed")],
)  # fmt: skip
def test_2xx_is_success_and_nothing_else_is(status: int | None, what: str) -> None:
    assert verdict(Answer(status, 1)) == what


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120.0), ("0", 0.0), ("999999999999999999999", 21_600.0), ("-5", None), ("soon", None), ("", None),
     ("1.5", None), ("²", None), ("Sun, 15 Jun 2025 15:07:40 GMT", 60.0), ("Sun, 15 Jun 2025 15:05:40 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds


def test_a_delivery_is_tried_over_hours_and_then_given_up() -> None:
    pauses = []
    for attempts in range(1, 20):
        due = next_due(attempts, FAILED, NOW, RULES, 0.0)
        if due is None:
            break
        pauses.append((due - NOW) / 1000)
    assert pauses == list(RULES.retries_s)
    assert 24 * 3600 < sum(pauses) < 36 * 3600


@given(st.integers(1, 10), st.floats(0, 1, exclude_max=True))
def test_jitter_only_lengthens_and_by_a_fifth_at_most(attempts: int, chance: float) -> None:
    due = next_due(attempts, FAILED, NOW, RULES, chance)
    assert due is not None
    pause = RULES.retries_s[attempts - 1]
    assert pause <= (due - NOW) / 1000 <= pause * 1.2


def test_who_asks_for_patience_gets_it() -> None:
    busy = Answer(429, 5, retry_after_s=100.0)
    assert next_due(1, busy, NOW, RULES, 0.5) == NOW + 100_000
    held = breaker_after(Breaker(), busy, NOW, RULES)
    assert state_of(held, 1, NOW + 99_999, RULES) == "open", "its other deliveries wait, too"
    assert state_of(held, 1, NOW + 100_000, RULES) == "closed"
    assert next_due(1, Answer(500, 5, retry_after_s=100.0), NOW, RULES, 0.0) == NOW + 5000


def test_the_breaker_opens_probes_and_closes() -> None:
    breaker = Breaker()
    for _ in range(RULES.breaker_failures - 1):
        breaker = breaker_after(breaker, FAILED, NOW, RULES)
    assert state_of(breaker, 1, NOW, RULES) == "closed"
    breaker = breaker_after(breaker, FAILED, NOW, RULES)
    assert state_of(breaker, 1, NOW + 29_999, RULES) == "open"
    assert state_of(breaker, 1, NOW + 30_000, RULES) == "half_open"
    assert [room("half_open", n, RULES) for n in (0, 1)] == [1, 0]
    under_way = breaker_after(breaker, FAILED, NOW + 10, RULES)
    assert under_way == breaker, "what was under way when it opened opens it no further"
    breaker = breaker_after(breaker, FAILED, NOW + 30_000, RULES)
    assert breaker.open_until == NOW + 90_000
    assert breaker_after(breaker, WELL, NOW + 90_000, RULES) == Breaker()


def test_probes_become_rare_and_after_days_end() -> None:
    breaker, now = Breaker(), NOW
    longest = 0.0
    while not paused(breaker, NOW):
        breaker = breaker_after(breaker, FAILED, now, RULES)
        longest = max(longest, (breaker.open_until - now) / 1000)
        now = max(breaker.open_until, now + 1)
    assert longest == RULES.breaker_longest_s
    assert breaker.paused_why == "failing"
    assert 0 <= (now - NOW) / 1000 - RULES.failing_s <= 2 * RULES.breaker_longest_s


def test_gone_pauses_until_a_person_enables_it() -> None:
    gone = breaker_after(Breaker(), Answer(410, 1), NOW, RULES)
    assert state_of(gone, NOW - 1, NOW + 10**9, RULES) == "paused"
    assert gone.paused_why == "gone"
    assert resumed(gone, NOW - 1) == gone
    assert resumed(gone, NOW + 1) == Breaker()
    assert state_of(Breaker(), 0, NOW, RULES) == "paused", "switched off"


def test_room_is_bounded() -> None:
    assert [room("closed", n, RULES) for n in (0, 7, 8, 9)] == [8, 1, 0, 0]
    assert room("open", 0, RULES) == room("paused", 0, RULES) == 0
