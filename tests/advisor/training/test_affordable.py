"""Of many customers the slow contestants stay away, unless nobody else was asked for."""

from advisor.training.affordable import MANY, SLOW, affordable
from online_model.training.contestants import DEFAULT


def test_many_customers_are_judged_without_the_slow_ones() -> None:
    assert affordable(DEFAULT, MANY) == tuple(DEFAULT)
    assert set(affordable(DEFAULT, MANY + 1)) == set(DEFAULT) - SLOW
    assert set(DEFAULT) > SLOW
    assert affordable(("forest",), MANY + 1) == ("forest",)
