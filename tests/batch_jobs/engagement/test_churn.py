"""Subscribers from a row a user and the days since a day, against those from all days in their order."""

from random import Random

import pytest

from batch_jobs.cohorts.days import number
from batch_jobs.cohorts.slices import top_values
from batch_jobs.engagement.churn import subscriptions
from batch_jobs.star.schema import DIMENSIONS
from domain.settings import FactSettings
from tests.batch_jobs.cohorts.lives import day_of, star_of
from tests.batch_jobs.cohorts.strategies import DAYS, lives_of


@pytest.mark.parametrize("since", [1, 20, DAYS // 2, DAYS - 3, DAYS + 9])
def test_what_was_before_is_one_row_a_user(since: int) -> None:
    star = star_of(lives_of(Random(since), 120), DAYS + 5, FactSettings())
    top = top_values(star.users, {name: (f"{name}_at_origin", name) for name in DIMENSIONS}, 2)
    first = number(day_of(since))
    found = subscriptions(star, top, first).to_pyarrow().to_pylist()
    every = subscriptions(star, top, number(day_of(0))).to_pyarrow().to_pylist()
    wanted = [row for row in every if row["end"] > first]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))
    assert found
