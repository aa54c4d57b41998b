"""The sample is bounded, even, and the same in whatever pieces the examples come."""

import pickle

import numpy as np
import pytest

from domain.labels import FEATURES
from online_model.training.spread import Spread

COUNT = 20_000
USERS = [f"user-{n % 500}" for n in range(COUNT)]
TIMES = np.arange(COUNT, dtype=np.int64) // 500 * 604_800_000
FEATURES_OF = np.arange(COUNT, dtype=np.float64)[:, None] + np.zeros(FEATURES)


def added(spread: Spread, pieces: int) -> Spread:
    for rows in np.array_split(np.arange(COUNT), pieces):
        spread.add([USERS[row] for row in rows], TIMES[rows], FEATURES_OF[rows])
    return spread


@pytest.mark.parametrize("pieces", [1, 7, 300])
def test_it_is_the_same_in_whatever_pieces(pieces: int) -> None:
    places, features = added(Spread(1_500), pieces).sample()
    wanted, _ = added(Spread(1_500), 1).sample()
    assert places.tolist() == wanted.tolist() == sorted(set(wanted.tolist()))
    assert (features == FEATURES_OF[places]).all()
    assert 700 < len(places) <= 1_500


def test_it_is_even() -> None:
    """By users and by weeks, as far as chance goes: 20 examples of each are expected, with a deviation of 4.5."""
    places, _ = added(Spread(12_000), 40).sample()
    share = len(places) / COUNT
    for kinds, each in ((500, 40), (40, 500)):
        of = np.bincount(places % 500 if kinds == 500 else places // 500, minlength=kinds)
        spread = (of - share * each) / np.sqrt(each * share * (1 - share))
        assert np.abs(spread).max() < 4.5
        assert 0.8 < spread.std() < 1.2


def test_without_a_bound_all_are_in_it() -> None:
    places, features = added(Spread(None), 9).sample()
    assert places.tolist() == list(range(COUNT))
    assert (features == FEATURES_OF).all()
    nothing = Spread(3).sample()
    assert (nothing[0].shape, nothing[1].shape) == ((0,), (0, FEATURES))


def test_who_goes_on_from_what_was_kept_has_the_same_ones() -> None:
    whole, first = added(Spread(1_500), 2), Spread(1_500)
    half = COUNT // 2
    first.add(USERS[:half], TIMES[:half], FEATURES_OF[:half])
    first.join()
    later: Spread = pickle.loads(pickle.dumps(first))
    later.add(USERS[half:], TIMES[half:], FEATURES_OF[half:])
    assert later.sample()[0].tolist() == whole.sample()[0].tolist()
