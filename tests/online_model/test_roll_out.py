"""Who is served by which version during a roll-out, in the trainer and in every worker."""

import numpy as np
import numpy.typing as npt
import pytest

from domain.calendar import DAY_MS, WEEK_MS
from domain.labels import FEATURES
from online_model.learners.line_up import make
from online_model.risk import Part, Risk
from online_model.tournament.chosen import chosen

USERS = np.random.default_rng(4).integers(1, 2**64 - 1, 20_000, dtype=np.uint64)


def served(*shares: tuple[str, float], version: str = "1") -> npt.NDArray[np.int64]:
    learner = make("own_rhythm", 1, 30 * DAY_MS)
    learner.learn_many(np.zeros((60, FEATURES)), np.arange(60) % 2 == 0, np.ones(60))
    scorer = learner.scorer()
    assert scorer is not None
    parts = [Part(f"{name}-{version}", name, scorer, share) for name, share in shares]
    return Risk(parts).serving(USERS)


def test_a_share_that_grows_keeps_its_users() -> None:
    first = [served(("forest", s), ("logistic", 1 - s)) == 0 for s in (0.05, 0.1, 0.5)]
    for share, newer in zip((0.05, 0.1, 0.5), first, strict=True):
        assert newer.mean() == pytest.approx(share, abs=0.015)
    assert first[1][first[0]].all()
    assert first[2][first[1]].all()
    assert not served(("forest", 1.0)).any()


def test_a_later_version_of_the_same_contestants_serves_the_same_users() -> None:
    shares = ("forest", 0.1), ("logistic", 0.9)
    np.testing.assert_array_equal(served(*shares), served(*shares, version="2"))


def test_others_go_first_at_the_next_roll_out() -> None:
    both = (served(("forest", 0.1), ("mean", 0.9)) == 0) & (served(("ftrl", 0.1), ("forest", 0.9)) == 0)
    assert both.mean() == pytest.approx(0.01, abs=0.005)


def test_three_versions_have_their_shares() -> None:
    found = np.bincount(served(("a", 0.2), ("b", 0.3), ("c", 0.5))) / len(USERS)
    assert found == pytest.approx([0.2, 0.3, 0.5], abs=0.02)


def test_who_is_served_says_nothing_of_which_week_is_chosen() -> None:
    newer = served(("forest", 0.5), ("logistic", 0.5)) == 0
    times = (USERS % np.uint64(WEEK_MS)).astype(np.int64) + WEEK_MS * 2_800
    picked = chosen(USERS, times, 30 * DAY_MS)
    assert picked[newer].mean() == pytest.approx(picked[~newer].mean(), abs=0.02)
