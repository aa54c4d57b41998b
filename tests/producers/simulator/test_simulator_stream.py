"""What comes out is a stream that the rest of the project can take."""

from typing import Any

import numpy as np

from domain.events import EVENT_TYPES, MAX_TIME_MS, milliseconds

SESSION_GAP_MS = 1_800_000


def test_key_and_time_agree_with_the_event(world: Any) -> None:
    assert len(world.events) == len(world.keys) == len(world.times) > 100_000
    for key, time, event in zip(world.keys, world.times.tolist(), world.events, strict=True):
        assert key.decode() == event.user_id
        assert time == milliseconds(event.time) < MAX_TIME_MS


def test_events_come_in_order_and_within_the_span(world: Any) -> None:
    assert (np.diff(world.times) >= 0).all()
    assert world.simulation.start_ms <= world.times[0]
    assert world.times[-1] < world.simulation.end_ms


def test_every_known_type_occurs_and_no_other(world: Any) -> None:
    assert {event.type for event in world.events} == set(EVENT_TYPES)


def test_ids_are_short_and_unique_for_the_user(world: Any) -> None:
    ids = {(event.user_id, event.event_id) for event in world.events}
    assert len(ids) == len(world.events)
    assert max(len(event.event_id) for event in world.events) <= 24


def test_events_are_of_the_size_of_real_ones(world: Any) -> None:
    sizes = [len(value) for value in world.values]
    assert 140 < np.mean(sizes) < 250
    assert max(sizes) < 400


def test_sessions_of_a_user_lie_further_apart_than_the_gap(world: Any) -> None:
    for events in world.by_user().values():
        last_id, last_time = None, 0
        for event in events:
            if event.session_id is None:
                continue
            if event.session_id != last_id:
                assert event.type == "session_start"
                assert event.time - last_time > SESSION_GAP_MS
            else:
                assert event.type != "session_start"
                assert event.time - last_time < SESSION_GAP_MS
            last_id, last_time = event.session_id, event.time


def test_purchases_have_lines_products_that_repeat_and_discounts(world: Any) -> None:
    lines = [event for event in world.events if event.type == "purchase"]
    orders = {(line.user_id, line.order_id) for line in lines}
    assert 1.2 < len(lines) / len(orders) < 3.0
    assert all(line.amount > 0 and line.quantity >= 1 and line.product for line in lines)
    assert 0.1 < np.mean([line.discount is not None for line in lines]) < 0.3
    pairs = [(line.user_id, line.product) for line in lines]
    assert 0.2 < 1 - len(set(pairs)) / len(pairs) < 0.8


def test_a_refund_names_a_purchase_that_was_made(world: Any) -> None:
    bought: set[tuple[Any, ...]] = set()
    refunds = 0
    for event in world.events:
        if event.type == "purchase":
            bought.add((event.user_id, event.order_id, event.product, event.amount))
        elif event.type == "refund":
            refunds += 1
            assert (event.user_id, event.order_id, event.product, event.amount) in bought
    assert refunds > 10


def test_a_new_user_signs_up_first(world: Any) -> None:
    fresh = {f"u{user:07d}" for user in np.flatnonzero(world.traits["signup_day"] >= 0)}
    seen = world.by_user()
    assert len(fresh) > 500
    assert all(seen[user][0].type == "signup" for user in fresh & seen.keys())
    assert not any(event.type == "signup" for user in seen.keys() - fresh for event in seen[user][:1])


def test_nothing_follows_a_cancellation_but_a_new_signup(world: Any) -> None:
    cancelled = again = 0
    for events in world.by_user().values():
        for event, following in zip(events, [*events[1:], None], strict=True):
            if event.type != "cancellation":
                continue
            cancelled += 1
            if following is not None:
                again += 1
                assert following.type == "signup"
    assert cancelled > 80
    assert again > 10


def test_trials_renewals_and_failed_payments_belong_to_their_plans(world: Any) -> None:
    for event in world.events:
        if event.type == "trial_start":
            assert event.plan == "trial"
        elif event.type in {"renewal", "payment_failed"}:
            assert event.amount == {"pro": 19.0, "team": 49.0}[event.plan]
    changes = [event.change for event in world.events if event.type == "subscription_change"]
    assert {"upgrade", "downgrade", None} == set(changes)


def test_assignments_come_once_and_the_offer_only_to_those_assigned(world: Any) -> None:
    assigned: dict[tuple[str, str], str] = {}
    for event in world.events:
        if event.type == "experiment_assignment":
            assert (event.user_id, event.experiment) not in assigned
            assigned[event.user_id, event.experiment] = event.variant
        elif event.type == "promotion":
            assert assigned[event.user_id, event.experiment] == "offer"
    assert set(assigned.values()) == {"control", "checklist", "holdout", "offer"}
