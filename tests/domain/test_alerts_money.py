"""What a user is worth, and what is recommended."""

import numpy as np
import pytest

from domain.actions import ANY, DEFAULT, ActionsError, recommended, with_edits
from domain.catalogue import INDEX, NAMES
from domain.money import expected_spend, value_at_risk


def vector(**known: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    x = np.full((1, len(NAMES)), np.nan)
    for name, value in known.items():
        x[0, INDEX[name]] = value
    return x


def test_half_a_year_of_spending_goes_on_at_its_pace() -> None:
    year = vector(spend_26w=260.0, refunded_26w=26.0, tenure_days=365.0)
    assert expected_spend(year, 28.0)[0] == pytest.approx((260 - 26) / 26 * 4)
    assert value_at_risk(np.array([0.5]), year, 28.0)[0] == pytest.approx((260 - 26) / 26 * 2)


def test_a_younger_user_is_measured_by_the_time_there_was() -> None:
    assert expected_spend(vector(spend_26w=100.0, tenure_days=70.0), 7.0)[0] == pytest.approx(10.0)
    assert expected_spend(vector(spend_26w=100.0, tenure_days=0.5), 7.0)[0] == pytest.approx(25.0)


def test_nobody_is_worth_less_than_nothing_and_unknown_is_nothing() -> None:
    assert expected_spend(vector(spend_26w=10.0, refunded_26w=30.0, tenure_days=200.0), 30.0)[0] == 0
    assert expected_spend(vector(), 30.0)[0] == 0


def test_there_is_an_action_for_every_theme_and_tier() -> None:
    for theme in [*DEFAULT, "of nobody"]:
        assert recommended(DEFAULT, theme, "medium")
        assert recommended(DEFAULT, theme, "high") != recommended(DEFAULT, theme, "medium")
    assert recommended(DEFAULT, "of nobody", "high") == DEFAULT[ANY]["high"]


def test_rows_can_be_edited_and_added() -> None:
    actions = with_edits(b'{"silence": {"high": "Call."}, "weather": {"medium": "Wait."}}')
    assert recommended(actions, "silence", "high") == "Call."
    assert recommended(actions, "silence", "medium") == DEFAULT["silence"]["medium"]
    assert recommended(actions, "weather", "medium") == "Wait."
    assert recommended(actions, "weather", "high") == DEFAULT[ANY]["high"]
    assert recommended(DEFAULT, "silence", "high") != "Call."


@pytest.mark.parametrize("text", [b"", b"[]", b'{"silence": "Call."}', b'{"silence": {"hihg": "Call."}}'])
def test_a_wrong_table_is_refused_with_an_example(text: bytes) -> None:
    with pytest.raises(ActionsError, match="must be JSON like"):
        with_edits(text)
