"""Triage: who goes out first, how the budget accrues, who is left alone, who is never alerted."""

from random import Random

import pytest

from domain.alert_life import AlertState
from domain.alerts import DAY_MS
from domain.control import Contact, OptOut
from domain.intake import Known, Market, intake
from domain.triage import Rules, accrued, budget, decide, in_holdout, left_alone, worth
from tests.domain.alert_samples import NOW, alert

MIDNIGHT = NOW // DAY_MS * DAY_MS
OPEN = Rules(holdout=0.0)
MARKET = Market(chance=0.35)


def waiting(user: str, rank: float, *, urgent: bool = False, expires: int = NOW + DAY_MS) -> AlertState:
    raised = {"rank": rank, "urgent": urgent, "expires": expires}
    return AlertState(id=f"of-{user}", user=user, state="waiting", raised=raised)


def contact(at: int) -> Contact:
    return Contact(id="1", user="ann", at=at, by="crm")


def test_the_order_is_that_of_the_money_that_a_contact_brings() -> None:
    random = Random(1)
    rules = Rules(cost=50.0, value=200.0)
    alerts = [
        alert(f"u{n}", risk=random.random(), expected_spend=random.choice([0.0, 9.0, 300.0]))
        for n in range(99)
    ]
    for chance in (0.1, 0.9):
        found = [worth(one, rules, chance, float("inf")) for one in alerts]
        gains = [(one.risk or 0) * chance * (one.expected_spend or 200.0) - 50.0 for one in alerts]
        assert [w.gain for w in found] == pytest.approx(gains)
        assert sorted(range(99), key=lambda n: found[n].rank) == sorted(range(99), key=lambda n: gains[n])


def test_the_top_tenth_that_turns_high_comes_first() -> None:
    assert worth(alert(expected_spend=90.0), OPEN, 0.35, top=90.0).urgent
    assert not worth(alert(expected_spend=90.0, tier="medium"), OPEN, 0.35, top=90.0).urgent
    assert not worth(alert(expected_spend=89.0), OPEN, 0.35, top=90.0).urgent
    assert (
        worth(alert(expected_spend=90.0), OPEN, 0.35, 90.0).rank
        > worth(alert(expected_spend=1e10), OPEN, 1, 1e11).rank
    )


def test_the_budget_accrues_over_the_day_and_is_spent_by_its_end() -> None:
    assert [budget(n, Rules(share=0.01, least=2)) for n in (0, 199, 300, 12_345)] == [2, 2, 3, 123]
    assert accrued(MIDNIGHT, 10) == 1
    assert accrued(MIDNIGHT + DAY_MS // 2 - 1, 10) == 5
    assert accrued(MIDNIGHT + DAY_MS - 1, 10) == 10
    assert accrued(MIDNIGHT, 0) == 0


def test_a_day_of_looks_releases_the_budget_and_always_the_best_that_wait() -> None:
    random = Random(2)
    pool: list[AlertState] = []
    spent, out = 0, []
    for minute in range(0, 1440, 5):
        now = MIDNIGHT + minute * 60_000
        pool += [waiting(f"u{minute}-{n}", random.random(), expires=now + 2 * DAY_MS) for n in range(3)]
        pool.sort(key=lambda s: -float(s.raised["rank"]))
        verdicts = decide(pool, {}, now, spent, 24, OPEN)
        names = {v.alert for v in verdicts}
        assert all(v.what == "released" for v in verdicts)
        assert [s.id for s in pool[: len(names)]] == [v.alert for v in verdicts]
        pool = [s for s in pool if s.id not in names]
        spent += len(names)
        out += [v.alert for v in verdicts]
        assert spent == -(-24 * (minute * 60_000 + 1) // DAY_MS)
    assert len(out) == 24 == len(set(out))


def test_urgent_ones_may_take_the_whole_day() -> None:
    states = [
        waiting("a", 3, urgent=True),
        waiting("b", 2, urgent=True),
        waiting("c", 1, urgent=True),
        waiting("d", 9),
    ]
    verdicts = decide(states, {}, MIDNIGHT, 0, 2, OPEN)
    assert [v.alert for v in verdicts] == ["of-a", "of-b"]


def test_the_holdout_leaves_the_queue_at_its_turn_and_takes_nothing() -> None:
    rules = Rules(holdout=0.5)
    users = [f"u{n}" for n in range(40)]
    verdicts = decide([waiting(u, -n) for n, u in enumerate(users)], {}, MIDNIGHT + DAY_MS - 1, 0, 10, rules)
    released = [v.alert for v in verdicts if v.what == "released"]
    held = [v.alert for v in verdicts if v.reason == "holdout"]
    assert len(released) == 10
    assert {v.what for v in verdicts} == {"released", "suppressed"}
    assert held == [f"of-{u}" for u in users[: users.index(released[-1][3:])] if in_holdout(u, 0.5)]


def test_the_holdout_is_a_share_by_id_and_grows_with_it() -> None:
    users = [f"user-{n}" for n in range(20_000)]
    small, large = ({u for u in users if in_holdout(u, share)} for share in (0.1, 0.2))
    assert abs(len(small) / 20_000 - 0.1) < 0.01
    assert small < large
    assert not any(in_holdout(u, 0.0) for u in users)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], ""),
        ([contact(NOW - 14 * DAY_MS + 1)], "contacted"),
        ([contact(NOW - 14 * DAY_MS)], ""),
        ([OptOut(id="opted_out", user="ann", at=1, by="x"), contact(NOW)], "opted_out"),
        ([OptOut(id="campaign:b", user="ann", at=1, by="x", until=NOW + 1), contact(NOW)], "campaign:b"),
        ([OptOut(id="campaign:b", user="ann", at=1, by="x", until=NOW)], ""),
    ],
)
def test_who_is_left_alone(said: list[Contact | OptOut], reason: str) -> None:
    assert left_alone(said, NOW, OPEN) == reason


def test_who_was_contacted_while_waiting_is_left_alone_and_the_next_goes_out() -> None:
    verdicts = decide([waiting("ann", 2), waiting("bob", 1)], {"ann": [contact(NOW)]}, NOW, 0, 1, OPEN)
    assert [(v.alert, v.reason) for v in verdicts] == [("of-ann", "contacted"), ("of-bob", "")]


def test_intake_drops_repeats_also_of_a_resolution_that_is_read_again() -> None:
    first = alert(source="0:1")
    over = alert(source="0:2", kind="resolved", time=NOW + 1, tier="low")
    second = alert(source="0:3", time=NOW + 2)
    known = Known({}, {})
    steps = intake([first, first, over, second, first, over, second], known, {}, NOW, OPEN, MARKET)
    assert [(s.alert, s.what) for s in steps] == [
        (first.id, "raised"), (first.id, "resolved"), (second.id, "raised"),
    ]  # fmt: skip
    assert intake([first, over, second], known, {}, NOW, OPEN, MARKET) == []


def test_intake_keeps_back_what_must_not_go_out() -> None:
    records = [
        alert("a", deliver=False, held=True), alert("b", deliver=False), alert("c", expires=NOW),
        alert("d"), alert("e", recorded=NOW - 1),
    ]  # fmt: skip
    known = Known({}, {"d": [contact(NOW - 1)]})
    steps = intake(records, known, {"e": NOW}, NOW, OPEN, MARKET)
    found = [(s.user, s.what, s.reason) for s in steps if s.what != "raised"]
    assert found == [
        ("a", "suppressed", "held"), ("b", "suppressed", "stale"), ("c", "expired", ""),
        ("d", "suppressed", "contacted"),
    ]  # fmt: skip
    assert "e" not in {s.user for s in steps}
