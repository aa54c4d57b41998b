"""Money of campaigns: worked out by hand, by drawing what happens, and by laws that hold for any."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.insights.campaigns import SCENARIOS, Choice, Offer, campaign, gains, ranked, scenario


def choice(*pairs: tuple[float, float]) -> Choice:
    found = np.array(pairs, float).reshape(-1, 2)
    return Choice(found[:, 0], found[:, 1])


def everybody(chosen: Choice) -> npt.NDArray[np.int64]:
    return np.arange(len(chosen.value))


def test_worked_out_by_hand() -> None:
    """Two of 80 % and 50 %, worth 1,000 and 400; a contact costs 10 and saves a quarter; 10 % are given away.

    Saved: .2 + .125 = .325; value: 200 + 50 = 250. The discount goes to .2 + .2 = .4 of the first and .625 of
    the second: 40 + 25 = 65, contacts 20: 85. To break even: 20 + .1 · (200 + 200) = 60 of .9 · (800 + 200) = 900.
    """
    chosen = choice((0.8, 1000), (0.5, 400))
    found = campaign(chosen, everybody(chosen), Offer(contact=10, save_rate=0.25, discount=0.1))
    assert found.contacted == 2
    assert found.would_leave == pytest.approx(1.3)
    assert found.saved == pytest.approx(0.325)
    assert found.value == pytest.approx(250)
    assert found.cost == pytest.approx(85)
    assert found.gain == pytest.approx(165)
    assert found.returned == pytest.approx(165 / 85)
    assert found.break_even == pytest.approx(60 / 900)


def test_without_a_discount_it_is_saved_times_value_less_cost() -> None:
    chosen = choice(*[(0.7, 300.0)] * 50)
    found = campaign(chosen, everybody(chosen), Offer(contact=20, save_rate=0.4))
    assert found.gain == pytest.approx(50 * 0.7 * 0.4 * 300 - 50 * 20)  # 3,200
    assert found.break_even == pytest.approx(20 / (0.7 * 300))


def test_the_interval_holds_what_was_drawn() -> None:
    """20,000 times everybody's fate is drawn: the 2.5 % and 97.5 % of the gains lie where the interval ends."""
    rng = np.random.default_rng(7)
    p, v = rng.uniform(0.4, 0.95, 60), rng.lognormal(5, 1, 60)
    offer = Offer(contact=4, save_rate=0.3, discount=0.15)
    found = campaign(Choice(p, v), np.arange(60), offer)
    fate = rng.random((20_000, 60))
    saved, stayed = fate < 0.3 * p, fate >= p
    drawn = (saved * v * 0.85 - stayed * v * 0.15).sum(axis=1) - 60 * 4
    assert found.gain == pytest.approx(drawn.mean(), abs=4 * drawn.std() / math.sqrt(20_000))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.gain_low == pytest.approx(low, abs=0.06 * (high - low))
    assert found.gain_high == pytest.approx(high, abs=0.06 * (high - low))


def test_scenarios_take_whom_it_is_worth_most_first() -> None:
    rng = np.random.default_rng(1)
    chosen = Choice(rng.uniform(0.4, 1, 300), rng.lognormal(4, 1, 300))
    offer = Offer(contact=5)
    found = {name: scenario(name, chosen, offer) for name in SCENARIOS}
    assert [found[name].contacted for name in SCENARIOS] == [50, 100, 200, 300]
    each = np.sort(gains(chosen, offer))[::-1]
    assert [found[n].gain for n in SCENARIOS] == pytest.approx([each[:k].sum() for k in (50, 100, 200, 300)])
    few = choice((0.5, 10), (0.9, 10))
    assert ranked(few, offer).tolist() == [1, 0]
    assert scenario("top_50", few, offer).contacted == 2


def test_of_nobody_nothing_comes() -> None:
    found = scenario("all_at_risk", choice(), Offer())
    assert (found.contacted, found.gain, found.gain_low, found.gain_high) == (0, 0, 0, 0)
    assert found.returned is None
    assert found.break_even == 0


def test_where_no_share_saved_is_enough_it_never_pays() -> None:
    chosen = choice((0.5, 10))
    assert campaign(chosen, everybody(chosen), Offer(contact=6)).break_even is None
    assert campaign(chosen, everybody(chosen), Offer(contact=1, discount=1)).break_even is None


SOME = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), max_size=30)
OFFERS = st.builds(Offer, contact=st.floats(0, 100), save_rate=st.floats(0, 1), discount=st.floats(0, 1))


@given(SOME, OFFERS)
def test_laws(pairs: list[tuple[float, float]], offer: Offer) -> None:
    chosen = choice(*pairs)
    found = campaign(chosen, everybody(chosen), offer)
    by_one = sum(
        offer.save_rate * p * v - offer.contact - offer.discount * v * (1 - p + offer.save_rate * p)
        for p, v in pairs
    )
    assert found.gain == pytest.approx(by_one, abs=1e-3)
    assert found.gain == pytest.approx(float(gains(chosen, offer).sum()), abs=1e-3)
    assert found.gain_low <= found.gain_high
    assert found.saved <= found.would_leave + 1e-9
    if found.break_even is not None:
        there = Offer(contact=offer.contact, save_rate=found.break_even, discount=offer.discount)
        assert campaign(chosen, everybody(chosen), there).gain >= -1e-3


@pytest.mark.parametrize(
    "wrong", [{"contact": -1}, {"save_rate": 1.1}, {"discount": -0.1}, {"contact": math.nan}]
)
def test_offers_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).split("_")[0]):
        Offer(**wrong)
