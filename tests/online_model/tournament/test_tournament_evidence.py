"""A short version of `benchmarks.promotion`."""

import numpy as np

from benchmarks.promotion import Scenario, promoted_after, run, stream, worse_own_error
from online_model.tournament.rules import Rules


def test_equal_models_are_rarely_swapped() -> None:
    found = run(Scenario(users=500, weeks=30, own=0.2, champion_own=0.2), 40, 11, Rules())
    assert found.promoted <= 0.1


def test_a_model_better_by_five_percent_is_found() -> None:
    worse = worse_own_error(0.2, 1.05)
    found = run(Scenario(users=500, weeks=30, own=0.2, champion_own=worse), 20, 11, Rules())
    assert found.promoted >= 0.9


def test_promotion_counts_all_settled_examples_and_waits_for_the_minimum_of_days() -> None:
    scored = stream(np.random.default_rng(0), Scenario(users=300, weeks=12, own=0.0, champion_own=3.0))
    end = promoted_after(scored, Rules())
    assert end is not None
    assert len(np.unique(scored.due_day[:end])) >= Rules().minimum_days
    assert scored.due_day[end - 1] != scored.due_day[end]
