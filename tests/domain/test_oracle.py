"""Small histories, worked out by hand from `docs/user-state.md`: late events, status, plans, money, outcomes."""

from typing import Any

import pytest
import xxhash

from domain.events import MAX_TIME_MS
from domain.oracle import Outcome, Partition
from domain.settings import FactSettings
from tests.domain.histories import DAY, HOUR, MINUTE, LogRecord, event
from tests.domain.small_histories import DAY_SLOT, MONDAY, WEEK_SLOT, clock, did, only, state, told


def test_late_events_enter_counters_and_buckets_only() -> None:
    before = [
        did(10 * HOUR, plan="gold", platform="web", session_id="a", event_id="x"),
        did(11 * HOUR, "purchase", order_id="o", amount=5, session_id="a"),
    ]
    late = [
        did(
            -2 * HOUR,
            plan="free",
            platform="ios",
            channel="ad",
            session_id="z",
            duration=600,
            conversion=True,
        ),
        did(HOUR, "purchase", order_id="p", amount=7, quantity=2, product="pen", discount=0.5),
        did(2 * HOUR, "refund", amount=-3),
        did(3 * HOUR, "subscription_change", change="upgrade"),
        did(4 * HOUR, "support_ticket"),
        did(5 * HOUR, "session_end", session_id="a"),
    ]
    was, now = state(told(*before)), state(told(*before, *late))
    changed = {name for name in now if now[name] != was[name]}
    assert changed == {
        *(
            "late",
            "events",
            "pages",
            "active_days",
            "active_weeks",
            "conversions",
            "orders",
            "lines",
            "items",
        ),
        *("spent", "discounted", "discounted_lines", "product_bits", "refunds", "refunded", "tickets"),
        *("days", "weeks", "id_count", "ids"),
    }
    only(now, late=6, events=4, pages=2, active_days=2, active_weeks=2, conversions=1, orders=2, lines=2)
    only(now, items=3, spent=1200, discounted=50, discounted_lines=1, refunds=1, refunded=300, tickets=1)
    assert now["days"][DAY_SLOT - 1] == [1, 0, 1, 0]
    assert now["weeks"][WEEK_SLOT - 1] == [1, 0, 1, 1, 0, 0, 0, 0]
    assert now["weeks"][WEEK_SLOT] == [3, 1, 1, 1, 3600, 2, 1200, 300]


def test_a_late_event_may_be_the_newest_activity() -> None:
    now = state(told(did(0), did(3 * DAY, "renewal"), did(2 * DAY)))
    only(now, day=19_725, late=1, active_days=2, last_active_ms=MONDAY, sessions=1)


def test_what_is_older_than_the_rings_enters_lifetime_counters() -> None:
    long = FactSettings(inactivity_ms=400 * DAY)
    now = state(told(did(300 * DAY), did(237 * DAY), did(236 * DAY), did(6 * DAY, pages=9), facts=long))
    only(now, events=4, pages=12, late=3, active_days=2, active_weeks=2)
    weeks = [week[:4] for week in now["weeks"] if any(week)]
    assert sorted(weeks) == [[1, 1, 1, 1], [2, 0, 2, 1]]


def test_too_late_is_a_dead_letter() -> None:
    partition = told(clock(2 * DAY), did(DAY), did(DAY - 1), did(DAY - 1, user="bob"))
    assert partition.outcomes == {("mark", ""): 1, ("applied", ""): 1, ("dead_letter", "too_late"): 2}
    assert list(partition.users()) == ["ann"]


def test_a_repeat_within_64_events_is_a_duplicate() -> None:
    story = [did(i, event_id=f"e{i}") for i in range(64)]
    assert told(*story, did(100, event_id="e0")).outcomes["duplicate", ""] == 1
    assert told(*story, did(99, event_id="more"), did(100, event_id="e0")).outcomes["duplicate", ""] == 0
    assert told(*story, did(100, event_id="e0", user="bob")).outcomes["duplicate", ""] == 0
    # a repeat that is also too late is a duplicate, and known ids are forgotten with the user
    assert told(*story, clock(2 * DAY), did(0, event_id="e5")).outcomes["duplicate", ""] == 1
    assert told(*story, clock(40 * DAY), did(40 * DAY, event_id="e5")).outcomes["duplicate", ""] == 0


def test_a_cancelled_user_is_not_at_risk_until_a_new_signup() -> None:
    story = [did(0, "signup"), did(1), did(DAY, "cancellation", plan="none", conversion=True)]
    cancelled = told(*story)
    assert cancelled.at_risk() == set()
    assert cancelled.timers() == {}
    only(state(cancelled), cancelled_ms=MONDAY + DAY, plan=0, conversions=0, last_ms=MONDAY + DAY, events=1)
    assert told(*story, did(DAY + 1)).at_risk() == set()
    back = told(*story, did(2 * DAY, "signup"))
    assert back.at_risk() == {"ann"}
    only(state(back), signup_ms=MONDAY, last_signup_ms=MONDAY + 2 * DAY)
    # so long after the last activity, the timer is due at once
    long_after = told(*story, did(50 * DAY, "signup"))
    assert long_after.timers() == {"ann": MONDAY + 50 * DAY + 1}
    only(state(told(*story, did(50 * DAY, "signup"), clock(51 * DAY))), gone=1, gone_ms=MONDAY + 1 + 30 * DAY)


def test_late_cancellations_and_signups_keep_the_status_right() -> None:
    assert told(did(0), did(DAY), did(HOUR, "cancellation")).timers() == {}
    signed = [did(2 * HOUR, "signup"), did(DAY)]
    late = told(*signed, did(HOUR, "cancellation"))
    assert late.at_risk() == {"ann"}
    only(state(late), cancelled_ms=MONDAY + HOUR)
    only(state(told(*signed, did(HOUR, "signup"))), signup_ms=MONDAY + HOUR, last_signup_ms=MONDAY + 2 * HOUR)
    only(
        state(told(*signed, did(3 * HOUR, "signup"))),
        signup_ms=MONDAY + 2 * HOUR,
        last_signup_ms=MONDAY + 3 * HOUR,
    )


@pytest.mark.parametrize("kind", ["cancellation_started", "experiment_assignment", "promotion"])
def test_what_announces_loss_or_treatment_touches_nothing(kind: str) -> None:
    told_all: dict[str, Any] = {
        "plan": "gold",
        "platform": "ios",
        "conversion": True,
        "feature": "f",
        "pages": 5,
    }
    was, now = state(told(did(0))), state(told(did(0), did(1, kind, **told_all)))
    assert {name for name in now if now[name] != was[name]} == {
        *("last_ms", "id_count", "ids"),
        *(["treated_ms"] if kind == "promotion" else []),
    }


def test_plans_and_their_changes() -> None:
    def code(name: str) -> int:
        return xxhash.xxh32_intdigest(name.encode())

    story = [did(0, "trial_start", plan="trial"), did(1, plan="trial")]
    only(state(told(*story)), plan=code("trial"), paid=1, plan_change_ms=0, trials=1, trial_ms=MONDAY)
    story += [did(2, "subscription_change", plan="gold")]
    only(state(told(*story)), plan=code("gold"), paid=2, plan_change_ms=MONDAY + 2, upgrades=1, downgrades=0)
    story += [did(3, "subscription_change", plan="silver"), did(4, "subscription_change")]
    only(state(told(*story)), plan_change_ms=MONDAY + 3, upgrades=1, downgrades=0)
    story += [did(5, "subscription_change", plan="none"), did(6, "subscription_change", change="downgrade")]
    only(state(told(*story)), plan=code("none"), paid=1, upgrades=1, downgrades=2)
    only(state(told(did(0, "subscription_change", plan="gold"))), upgrades=0, paid=2, plan_change_ms=0)


def test_the_first_channel_and_the_latest_platform_stay() -> None:
    first, last = xxhash.xxh32_intdigest(b"ad"), xxhash.xxh32_intdigest(b"ios")
    story = [did(0, channel=""), did(1, channel="ad", platform="web"), did(2, channel="seo", platform="ios")]
    only(state(told(*story, did(3, platform=""))), channel=first, platform=last)


def test_lines_of_one_order_are_one_purchase() -> None:
    def line(after: int, order: str | None, **more: Any) -> LogRecord:
        return did(after, "purchase", order_id=order, **more)

    now = state(
        told(
            line(0, "o1", amount=1.005, product="pen"),
            line(MINUTE, "o1", amount=-2.5, product="pen", quantity=3, discount=0.004),
            line(DAY, "o2", product="ink", quantity=0, discount=0.005),
            line(2 * DAY, None, amount=0.1),
            line(3 * DAY, None, amount=0.2),
        )
    )
    only(now, orders=4, lines=5, items=1 + 3 + 0 + 1 + 1, repeated_lines=1, discounted_lines=1, discounted=1)
    only(now, spent=100 + 250 + 10 + 20, last_purchase_ms=MONDAY + 3 * DAY, order=0)
    only(now, purchase_gap_count=3, last_purchase_gap_s=86_400, purchase_gap_sum_s=86_340 + 2 * 86_400)
    only(now, purchase_gap_square_s2=86_340**2 + 2 * 86_400**2)
    assert now["weeks"][WEEK_SLOT] == [5, 4, 0, 4, 60, 4, 380, 0]
    assert sum(word.bit_count() for word in now["product_bits"]) == 2


def test_a_refund_is_money_and_no_activity() -> None:
    now = state(told(did(0), did(8 * DAY, "refund", amount=-12.34, pages=3)))
    only(now, refunds=1, refunded=1234, day=19_731, week=2_819, events=1, pages=1, sessions=1)
    assert now["weeks"][WEEK_SLOT + 1] == [0, 0, 0, 0, 0, 0, 0, 1234]


def test_counters_of_their_own() -> None:
    kinds = ["positive_feedback", "negative_feedback", "social_action", "collection_action"]
    now = state(told(*(did(i, kind) for i, kind in enumerate([*kinds, "positive_feedback"]))))
    only(now, positive=2, negative=1, social=1, collection=1, events=5, pages=0)
    more = state(
        told(did(0, "payment_failed"), did(1, "support_ticket"), did(2, "renewal"), did(3, "signup"))
    )
    only(more, failed_payments=1, last_failed_ms=MONDAY, tickets=1, last_ticket_ms=MONDAY + 1, renewals=1)
    only(more, signup_ms=MONDAY + 3, events=0, sessions=0, timer_ms=0, day=0)


def test_favourites_displace_the_least() -> None:
    used = [*"aabbccd", "e", "e", "f"]
    now = state(told(*(did(i, "feature_use", feature=name) for i, name in enumerate(used))))
    codes = [xxhash.xxh32_intdigest(name.encode()) for name in "fbce"]
    # d (1) makes way for e, which goes on from there to 3; then a, first of the least (2), for f
    only(now, feature_top=codes, feature_count=[3, 2, 2, 3])
    assert sum(word.bit_count() for word in now["feature_bits"]) == 6


def test_buckets_stop_at_what_they_hold() -> None:
    now = state(told(*(did(i, pages=10_000, amount=4e8, kind="purchase") for i in range(7))))
    only(now, pages=70_000, spent=7 * 40_000_000_000)
    assert now["days"][DAY_SLOT] == [7, 1, 65_535, 0]
    assert now["weeks"][WEEK_SLOT][6] == 4_294_967_295


def test_custom_types_are_activities_only_if_listed() -> None:
    story = [did(0, "watched", plan="gold", conversion=True, feature="f")]
    only(state(told(*story)), events=0, sessions=0, paid=2, conversions=1, feature_count=[0] * 4)
    listed = FactSettings(session_types=("watched",))
    only(state(told(*story, facts=listed)), events=1, sessions=1, pages=0, feature_count=[1, 0, 0, 0])


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        (LogRecord(b"ann", None, 0), Outcome("dead_letter", "tombstone")),
        (LogRecord(None, b'{"mark":1}', 0), Outcome("dead_letter", "malformed")),
        (clock(0)._replace(timestamp=MONDAY - 300_001), Outcome("dead_letter", "future")),
        (clock(0)._replace(timestamp=MONDAY - 300_000), Outcome("mark")),
        (did(0)._replace(timestamp=MONDAY - 300_001), Outcome("dead_letter", "future")),
        (did(0)._replace(timestamp=MONDAY - 300_000), Outcome("applied")),
        (did(0)._replace(timestamp=0, key=b"bob"), Outcome("dead_letter", "misrouted")),
        (did(0)._replace(key=b""), Outcome("dead_letter", "misrouted")),
        (event("ann", 5, "page_view", "e")._replace(key=b"bob"), Outcome("dead_letter", "bad_time")),
        (event("ann", 10**25, "page_view", "e"), Outcome("dead_letter", "bad_time")),
        (event("ann", MAX_TIME_MS, "page_view", "e"), Outcome("dead_letter", "bad_time")),
        (event("ann", MAX_TIME_MS - 1, "page_view", "e"), Outcome("applied")),
        (event("ann", "2024-01-01T01:00:00.0019+01:00", "page_view", "e"), Outcome("applied")),
        (event("ann", "2024-01-01T01:00:00", "page_view", "e"), Outcome("dead_letter", "malformed")),
    ],
)
def test_outcomes(record: LogRecord, outcome: Outcome) -> None:
    partition = Partition(0, 1, FactSettings())
    assert partition.feed(0, record.timestamp, record.key, record.value) == outcome
    assert partition.outcomes == {outcome: 1}


def test_a_user_of_another_partition_is_misrouted() -> None:
    # murmur2 of "21" is -973932308: 3321034988 without the sign bit is 1173551340, even
    partition = Partition(1, 2, FactSettings())
    assert partition.feed(0, MAX_TIME_MS, *did(0, user="21")[:2]) == Outcome("dead_letter", "misrouted")
    assert Partition(0, 2, FactSettings()).feed(0, MAX_TIME_MS, *did(0, user="21")[:2]) == Outcome("applied")


def test_time_as_text_is_cut_to_milliseconds() -> None:
    at = event("ann", "2024-01-01T01:00:00.0019+01:00", "page_view", "e")
    only(state(told(at)), last_ms=MONDAY + 1)
