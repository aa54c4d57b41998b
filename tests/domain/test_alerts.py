"""Tiers with hysteresis, cooldown, and what raises and resolves an alert."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.alerts import (
    DAY_MS,
    GONE,
    HIGH,
    LOW,
    MEDIUM,
    NEVER,
    SILENT,
    Judged,
    Policy,
    Served,
    alert_id,
    expires,
    judge,
    tiers_of,
)

POLICY = Policy()
BASIS = POLICY.basis("own-rhythm-1")
NOW = 1_700_000_000_000
GONE_RISK = float("nan")


def served(tier: int, basis: int = BASIS, alerted: int = 0, is_open: bool = False) -> Served:
    return Served(
        np.array([tier], np.uint8), np.array([basis], np.uint16), np.array([alerted]), np.array([is_open])
    )


def once(risk: float, before: Served, basis: int = BASIS, now: int = NOW) -> Judged:
    return judge(np.array([risk]), np.array([now]), before, POLICY, basis)


def tier(judged: Judged) -> int:
    return int(judged.served.tiers[0])


def walk(risks: Sequence[float], before: Served, days: float = 8) -> list[tuple[int, bool, bool]]:
    """(tier, raised, resolved) after each of the risks, `days` apart."""
    steps = []
    for number, risk in enumerate(risks):
        judged = once(risk, before, now=NOW + int(number * days * DAY_MS))
        steps.append((tier(judged), bool(judged.raised[0]), bool(judged.resolved[0])))
        before = judged.served
    return steps


def test_a_rise_is_raised_once_and_resolved_when_the_risk_falls_under_the_margin() -> None:
    assert walk([0.2, 0.4, 0.39, 0.41, 0.349, 0.349], served(LOW)) == [
        (LOW, False, False),
        (MEDIUM, True, False),
        (MEDIUM, False, False),
        (MEDIUM, False, False),
        (LOW, False, True),
        (LOW, False, False),
    ]


def test_from_medium_to_high_is_a_rise_and_back_to_medium_resolves_nothing() -> None:
    assert walk([0.5, 0.7, 0.66, 0.64], served(LOW)) == [
        (MEDIUM, True, False),
        (HIGH, True, False),
        (HIGH, False, False),
        (MEDIUM, False, False),
    ]


def test_who_goes_closes_the_alert_and_comes_back_in_silence() -> None:
    assert walk([0.8, GONE_RISK, 0.8, 0.8], served(LOW)) == [
        (HIGH, True, False),
        (GONE, False, True),
        (HIGH, False, False),
        (HIGH, False, False),
    ]


def test_within_the_cooldown_a_rise_waits_and_is_raised_after_it() -> None:
    assert walk([0.5, 0.8, 0.8, 0.8], served(LOW), days=3) == [
        (MEDIUM, True, False),
        (MEDIUM, False, False),
        (MEDIUM, False, False),
        (HIGH, True, False),  # nine days after the first
    ]


def test_a_rise_that_is_over_within_the_cooldown_is_never_raised() -> None:
    assert [raised for _, raised, _ in walk([0.5, 0.1, 0.5, 0.1, 0.1], served(LOW), days=2)] == [
        True, False, False, False, False,
    ]  # fmt: skip


def test_what_cannot_be_compared_is_silent_and_sets_the_tier() -> None:
    for before in (
        served(NEVER),
        served(GONE),
        served(LOW, basis=SILENT),
        served(LOW, basis=POLICY.basis("logistic-2")),
        served(LOW, basis=Policy(high=0.6).basis("own-rhythm-1")),
        served(LOW, basis=Policy(margin=0.1).basis("own-rhythm-1")),
    ):
        judged = once(0.9, before)
        assert (tier(judged), bool(judged.raised[0])) == (HIGH, False)
        assert not once(0.9, judged.served).raised.any()


def test_a_log_that_is_not_followed_live_raises_nothing_now_or_at_the_first_live_score() -> None:
    imported = once(0.9, served(LOW), basis=SILENT)
    assert not imported.raised.any()
    for risk in (0.1, 0.9):
        imported = once(risk, imported.served, basis=SILENT)
        assert not imported.raised.any()
    first = once(0.9, imported.served)
    assert not first.raised.any()
    assert once(0.9, once(0.1, first.served).served).raised.all()


def test_another_basis_forgets_the_margin_but_not_the_cooldown() -> None:
    swapped = once(0.38, served(MEDIUM, basis=7, alerted=NOW - DAY_MS, is_open=True))
    assert (tier(swapped), bool(swapped.resolved[0])) == (LOW, True)
    again = once(0.5, swapped.served)
    assert (tier(again), bool(again.raised[0])) == (LOW, False)


def test_users_are_judged_each_for_themselves() -> None:
    before = Served(
        np.array([LOW, LOW, MEDIUM, HIGH, NEVER], np.uint8), np.full(5, BASIS, np.uint16),
        np.array([0, NOW - DAY_MS, 0, NOW - 9 * DAY_MS, 0]), np.array([False, True, False, True, False]),
    )  # fmt: skip
    judged = judge(np.array([0.7, 0.7, 0.2, 0.2, 0.7]), np.full(5, NOW), before, POLICY, BASIS)
    assert judged.served.tiers.tolist() == [HIGH, LOW, LOW, LOW, HIGH]
    assert judged.raised.tolist() == [True, False, False, False, False]
    assert judged.resolved.tolist() == [False, True, False, True, False]
    assert judged.served.open.tolist() == [True, False, False, False, False]
    assert judged.served.alerted.tolist() == [NOW, NOW - DAY_MS, 0, NOW - 9 * DAY_MS, 0]


@given(
    st.lists(st.floats(0, 1) | st.just(GONE_RISK), max_size=40), st.floats(0, 0.3), st.sampled_from([1, 3, 9])
)
def test_alerts_of_a_user_keep_their_distance_and_each_is_resolved_at_most_once(
    risks: list[float], margin: float, days: int
) -> None:
    policy = Policy(margin=margin)
    basis, before, last, standing = policy.basis("m"), served(NEVER), None, False
    for number, risk in enumerate(risks):
        now = NOW + number * days * DAY_MS
        judged = judge(np.array([risk]), np.array([now]), before, policy, basis)
        if judged.raised[0]:
            assert risk >= policy.medium
            assert last is None or now - last >= policy.cooldown_ms
            last, standing = now, True
        if judged.resolved[0]:
            assert standing
            assert not risk >= policy.medium
            standing = False
        assert bool(judged.served.open[0]) == standing
        before = judged.served


def test_a_lower_tier_needs_a_risk_under_its_margin() -> None:
    risks = np.array([0.0, 0.36, 0.4, 0.65, 0.7, 1.0])
    assert tiers_of(risks, np.full(6, LOW, np.uint8), POLICY).tolist() == [
        LOW,
        LOW,
        MEDIUM,
        MEDIUM,
        HIGH,
        HIGH,
    ]
    held = tiers_of(risks, np.full(6, HIGH, np.uint8), POLICY).tolist()
    assert held == [LOW, MEDIUM, MEDIUM, HIGH, HIGH, HIGH]


def test_ids_tell_users_and_offsets_apart() -> None:
    ids = {alert_id(user, source) for user in ("ann", "bob") for source in ("0:7", "0:8", "1:7")}
    assert len(ids) == 6
    assert all(len(i) == 16 and int(i, 16) >= 0 for i in ids)
    assert alert_id("ann", "0:7") == alert_id("ann", "0:7")


def test_an_alert_expires_with_the_cooldown_but_not_at_once() -> None:
    assert expires(NOW, POLICY) == NOW + 7 * DAY_MS
    assert expires(NOW, Policy(cooldown_ms=0)) == NOW + DAY_MS


def test_a_basis_is_never_the_silent_one() -> None:
    bases = {POLICY.basis(f"model-{n}") for n in range(2000)}
    assert SILENT not in bases
    assert max(bases) <= 65_535
    assert len(bases) > 1900
