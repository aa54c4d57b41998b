"""Features of the folded state against those that the oracle reads off whole histories, and no leak in either."""

import math
from copy import deepcopy
from random import Random
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.catalogue import CATALOGUE, INDEX, NAMES
from domain.columns import code_of
from domain.decode import Decoder
from domain.features import features
from domain.oracle import Partition as Oracle
from domain.oracle.features import features_of
from domain.packing import unpack
from domain.records import side_by_side
from domain.settings import FactSettings
from domain.state import empty
from domain.steps import Due, Partition, Progress
from tests.domain.histories import (
    DAY,
    HOUR,
    LOCALS,
    MINUTE,
    PARTITION,
    PARTITIONS,
    Log,
    LogRecord,
    event,
    logs,
    long_log,
    mark,
)
from tests.domain.test_fold import Cut, Kept, oracle_of, read

WHOLE = Cut([], 500, 1000)
SILENT = ("cancellation", "cancellation_started", "promotion", "experiment_assignment")
TELLING: Final[dict[str, Any]] = {
    **dict.fromkeys(("session_id", "platform", "channel", "geography", "feature", "category"), "new"),
    "product": "new", "order_id": "new", "plan": "gold", "change": "downgrade", "conversion": True,
    "quantity": 9, "amount": 9.99, "discount": 9.0, "pages": 9, "duration": 900,
}  # fmt: skip
"""Everything that an event can say."""
MONDAY = 1_704_067_200_000  # 2024-01-01T00:00Z

Values = dict[str, float | None]


def of_record(record: bytes | None, now: int) -> Values:
    """Features of a stored record, by name; None for what is not known."""
    row = features(unpack([record]), np.zeros(1, np.int64), np.array([now]))[0].tolist()
    return {name: None if math.isnan(value) else value for name, value in zip(NAMES, row, strict=True)}


def assert_equal(found: Values, expected: Values, about: object) -> None:
    """To the last bit; a difference names the feature."""
    assert {n: v for n, v in found.items() if v != expected[n]} == {
        n: v for n, v in expected.items() if v != found[n]
    }, about


def assert_oracles(log: Log, ahead: list[int]) -> None:
    """Compare every user at nows that lie so far (ms) from the user's last event."""
    kept = read(log, WHOLE)
    oracle, _ = oracle_of(log)
    for user in oracle.users():
        history = oracle.history(user)
        for by in ahead:
            now = history.last_ms + by
            assert_equal(of_record(kept.records[user], now), features_of(history, now), (user, by))


AHEAD = st.lists(
    st.one_of(st.integers(-DAY, 60 * DAY), st.integers(0, 400).map(lambda days: days * DAY)), max_size=5
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(logs(), AHEAD)
def test_features_at_any_now_are_the_oracles(log: Log, ahead: list[int]) -> None:
    assert_oracles(log, [0, *ahead])


@pytest.mark.parametrize("seed", range(30))
def test_features_of_long_histories_are_the_oracles(seed: int) -> None:
    rng = Random(seed)
    log = long_log(rng, 300)
    assert_oracles(log, [0, 1, -1, *(rng.randrange(70 * DAY) for _ in range(4)), rng.randrange(300) * DAY])


# -- nothing from the future, and nothing of what announces the loss


@pytest.mark.parametrize("seed", range(12))
def test_what_comes_later_changes_nothing_though_it_lies_in_the_same_batch(seed: int) -> None:
    log = long_log(Random(1000 + seed), 250)
    decoder = Decoder(PARTITION, PARTITIONS, log.settings)
    batch = decoder.decode(side_by_side(log.records))
    folding = Partition(batch, 0, empty(len(batch.users)), batch.users, Due([], True), log.settings, 1)
    oracle = Oracle(PARTITION, PARTITIONS, log.settings)
    fed = compared = 0
    for step in folding.steps(Progress(offset=0)):
        for offset in range(fed, step.progress.offset):
            record = log.records[offset]
            oracle.feed(offset, record.timestamp, record.key, record.value)
        fed = step.progress.offset
        if step.progress.visited:  # the oracle takes a mark whole
            continue
        known = set(oracle.users())
        for slot in [s for s in step.slots.tolist() if batch.users[s] in known]:
            history = oracle.history(batch.users[slot])
            row = features(folding.states, np.array([slot]), np.array([history.last_ms]))[0].tolist()
            found = {n: None if math.isnan(v) else v for n, v in zip(NAMES, row, strict=True)}
            assert_equal(found, features_of(history, history.last_ms), (fed, batch.users[slot]))
            compared += 1
    assert fed == len(log.records)
    assert compared > 40


def after(kept: Kept, decoder: Decoder, record: LogRecord) -> Kept:
    """What the store holds once one more record was taken."""
    then = deepcopy(kept)
    then.take(decoder.decode(side_by_side([record])), then.progress.offset, WHOLE)
    return then


@pytest.mark.parametrize("seed", range(6))
def test_what_announces_the_loss_enters_no_feature(seed: int) -> None:
    """At every cut of the history: the features at t are the same before and after the event at t."""
    rng = Random(seed)
    log = long_log(rng, 60)
    decoder = Decoder(PARTITION, PARTITIONS, log.settings)
    kept = Kept(log.settings)
    for i, record in enumerate(log.records):
        user = record.key.decode() if record.key in [u.encode() for u in LOCALS] else rng.choice(LOCALS)
        last = int(unpack([kept.records.get(user)])["last_ms"][0])
        t = max(last, kept.progress.clock, MONDAY - 365 * DAY) + rng.choice([0, 1, HOUR, 40 * DAY])
        before = after(kept, decoder, mark(t, 1000))  # lets fall due what is due at t
        values = of_record(before.records.get(user), t)
        for kind in SILENT:
            time = t - rng.choice([0, 0, HOUR])
            told = after(before, decoder, event(user, time, kind, f"x{i}", **TELLING))
            assert_equal(of_record(told.records.get(user), t), values, (i, user, kind))
        kept = after(kept, decoder, record)


def test_that_proof_would_notice_an_event_that_enters() -> None:
    kept = Kept(FactSettings())
    decoder = Decoder(PARTITION, PARTITIONS, FactSettings())
    before = after(kept, decoder, event("ann", MONDAY, "page_view", "e1"))
    told = after(before, decoder, event("ann", MONDAY, "support_ticket", "e2"))
    with pytest.raises(AssertionError, match="tickets_total"):
        assert_equal(of_record(told.records["ann"], MONDAY), of_record(before.records["ann"], MONDAY), "")


# -- worked by hand


def told(*records: LogRecord, now: int, facts: FactSettings | None = None) -> Values:
    """Features of ann at `now` ms after Monday."""
    log = Log(list(records), facts or FactSettings())
    return of_record(read(log, WHOLE).records["ann"], MONDAY + now)


def did(at: int, kind: str = "page_view", **more: object) -> LogRecord:
    return event("ann", MONDAY + at, kind, f"{kind}@{at}", **more)


def only(values: Values, **expected: float | None) -> None:
    found = {name: values[name] for name in expected}
    assert found == {n: v if v is None else pytest.approx(v, rel=1e-12) for n, v in expected.items()}


def test_days_are_calendar_days_with_the_day_of_now() -> None:
    records = (did(23 * HOUR), did(24 * HOUR), did(2 * DAY + 5 * HOUR, duration=600))
    only(told(*records, now=2 * DAY + 5 * HOUR), events_1d=1, events_7d=3, sessions_1d=1, minutes_1d=10)
    # the first two lie an hour apart, so each opens a session of its own
    only(
        told(*records, now=2 * DAY + 5 * HOUR), sessions_7d=3, sessions_total=3, active_days_7d=3, pages_7d=3
    )
    only(told(*records, now=3 * DAY), events_1d=0, events_7d=3)
    only(told(*records, now=7 * DAY - 1), events_7d=3)
    only(told(*records, now=7 * DAY), events_7d=2)
    only(told(*records, now=8 * DAY), events_7d=1)
    only(told(*records, now=9 * DAY), events_7d=0, events_14d=3, events_total=3)


def test_weeks_begin_on_monday_and_include_that_of_now() -> None:
    records = (did(7 * DAY - 1), did(7 * DAY))
    only(told(*records, now=7 * DAY), events_9w=2, active_days_9w=2, active_weeks=2, consistency=1)
    only(told(*records, now=9 * 7 * DAY - 1), events_9w=2)
    only(told(*records, now=9 * 7 * DAY), events_9w=1, events_13w=2)
    only(told(*records, now=26 * 7 * DAY), events_13w=0, events_26w=1, consistency=2 / 27)


def test_trends_compare_the_newer_with_the_older() -> None:
    facts = FactSettings(inactivity_ms=180 * DAY)
    older, newer = did(29 * DAY), (did(30 * DAY), did(59 * DAY), did(59 * DAY + HOUR))
    at = 59 * DAY + HOUR
    only(told(older, *newer, now=at, facts=facts), events_trend_30d=(3 - 1) / 4, sessions_trend_30d=2 / 4)
    only(told(*newer, now=at, facts=facts), events_trend_30d=1)
    only(told(older, now=at, facts=facts), events_trend_30d=-1, minutes_trend_30d=None, spend_trend_13w=None)


def test_whom_a_mark_found_gone_begins_the_days_anew_and_keeps_the_weeks() -> None:
    first, back = did(0), did(31 * DAY)
    found_gone = told(first, mark(MONDAY + 31 * DAY - 1), back, now=31 * DAY)
    only(
        found_gone,
        events_30d=1,
        events_trend_30d=1,
        events_9w=2,
        returns=1,
        sessions_total=2,
        gap_last_days=31,
    )
    returned = told(first, back, now=31 * DAY)  # whose silence no mark passed
    only(
        returned, events_30d=1, events_trend_30d=0, events_9w=2, returns=1, sessions_total=2, gap_last_days=31
    )


def test_rhythm() -> None:
    day = (did(0), did(2 * DAY), did(6 * DAY), now_silent := did(9 * DAY))
    values = told(*day, now=15 * DAY)
    assert now_silent.key == b"ann"
    only(values, gap_mean_days=3, gap_sd_days=1, gap_last_days=3, gap_longest_days=4, silence_over_gap=2)
    only(values, days_since_last_session=6, tenure_days=15, first_week_sessions=3, weekend_share=1 / 4)
    only(
        told(did(0), now=DAY), gap_mean_days=None, gap_sd_days=None, gap_last_days=None, silence_over_gap=None
    )
    only(told(did(0), did(DAY), now=DAY), gap_mean_days=1, gap_sd_days=None, silence_over_gap=0)


def test_the_spread_of_long_and_almost_equal_gaps_keeps_its_digits() -> None:
    """Sums of squared seconds of nine years hardly tell them apart; integers do."""
    facts = FactSettings(inactivity_ms=1000 * DAY)
    records = [did(i * 300 * DAY + (i % 2) * 1000) for i in range(12)]
    gaps = [300 * 86_400 + (1 if i % 2 else -1) for i in range(1, 12)]
    values = told(*records, now=3300 * DAY + 1000, facts=facts)
    assert values["gap_sd_days"] == pytest.approx(np.std(gaps, ddof=1) / 86_400, rel=1e-9)


def test_trade() -> None:
    values = told(
        did(0, "purchase", order_id="a", amount=10.0, quantity=2, product="tea", discount=1.5),
        did(MINUTE, "purchase", order_id="a", amount=2.5, product="cup"),
        did(2 * DAY, "purchase", amount=5.005, product="tea"),
        did(3 * DAY, "refund", amount=-2.5),
        now=4 * DAY,
    )
    only(values, orders_total=2, orders_9w=2, spend_total=17.51, basket_mean=8.755, items_per_order=2)
    only(
        values,
        repeated_product_share=1 / 3,
        discounted_share=1 / 3,
        discount_total=1.5,
        days_since_purchase=2,
    )
    only(values, refunds_total=1, refunded_total=2.5, refunded_26w=2.5, refunded_share=250 / 1751)
    only(values, purchase_gap_mean_days=(2 * 86_400 - 60) / 86_400, purchase_gap_sd_days=None)
    only(values, days_since_last_session=2)  # a refund is no sign of life


def test_use_and_feedback() -> None:
    values = told(
        did(0, "signup", plan="free", platform="web", channel="friend", geography="FR"),
        did(6 * HOUR, "feature_use", feature="search", category="find", session_type="tutorial"),
        did(6 * HOUR + 1, "feature_use", feature="search", conversion=True),
        did(6 * HOUR + 2, "feature_use", feature="list", platform="ios"),
        did(6 * HOUR + 3, "positive_feedback"),
        did(6 * HOUR + 4, "subscription_change", plan="gold", channel="search"),
        did(20 * HOUR, "negative_feedback"),
        did(20 * HOUR, "support_ticket"),
        now=20 * HOUR,
    )
    only(values, time_to_first_session_days=0.25, tutorial_share=1 / 2, usage_share=0, evening_share=1 / 2)
    only(values, features_used=128 * math.log(128 / 126), categories_used=128 * math.log(128 / 127))
    only(values, favourite_feature=code_of("search"), favourite_category=code_of("find"))
    only(values, conversions=1, conversions_per_session=1 / 2, positive_ratio=1 / 2, feedback_per_event=2 / 5)
    only(
        values,
        plan=code_of("gold"),
        paid=1,
        upgrades=1,
        downgrades=0,
        days_since_plan_change=(14 * HOUR - 4) / DAY,
    )
    only(values, platform=code_of("ios"), channel=code_of("friend"), geography=code_of("FR"), month_of_year=1)
    only(values, tickets_total=1, days_since_ticket=0, trials=0, days_since_trial=None)


def test_nothing_known_is_nothing_claimed() -> None:
    values = of_record(None, MONDAY)
    only(
        values, sessions_total=0, days_since_last_session=None, tenure_days=None, consistency=None, paid=None
    )
    only(values, plan=None, favourite_feature=None, features_used=0, basket_mean=None, month_of_year=1)


def test_many_users_at_once_are_each_at_their_own_now() -> None:
    kept = read(Log([did(0), event("bob", MONDAY, "page_view", "b")], FactSettings()), WHOLE)
    states = unpack([kept.records["ann"], kept.records["bob"]])
    table = features(states, np.array([1, 0, 1]), MONDAY + np.array([DAY, 2 * DAY, 0]))
    assert table.shape == (3, len(CATALOGUE))
    assert table[:, INDEX["days_since_last_session"]].tolist() == [1, 2, 0]
