"""A campaign among users of the stream, worked out by hand."""

import numpy as np
import pytest

from advisor.insights.campaigns import Offer
from api.people.roster import COLUMNS, TIERS
from api.routes.campaigns import supposed


def test_those_in_the_upper_tiers_are_contacted_and_are_worth_what_they_would_spend() -> None:
    columns = np.zeros(3, COLUMNS)
    for row, (tier, score, value) in enumerate(
        (("high", 0.8, 80.0), ("low", 0.1, 900.0), ("medium", 0.5, 20.0))
    ):
        columns[row]["tier"], columns[row]["score"], columns[row]["value"] = TIERS.index(tier), score, value
    found = supposed(columns, "all_at_risk", Offer(contact=5.0, save_rate=0.5))
    # 0.8 and 0.5 would leave; half of them are kept, worth 100 and 40; 40 + 10 less two contacts
    assert (found.contacted, found.would_leave, found.saved) == (2, 1.3, 0.65)
    assert found.value == pytest.approx(50.0)
    assert found.cost == 10.0
    assert found.gain == pytest.approx(40.0)


def test_nobody_at_risk() -> None:
    found = supposed(np.zeros(0, COLUMNS), "top_50", Offer())
    assert (found.contacted, found.gain, found.returned) == (0, 0.0, None)
