import numpy as np
import pytest

from domain.calendar import DAY_MS, WEEK_MS
from online_model.tournament.chosen import chosen


def instants(user_hash: int, weeks: int) -> np.ndarray:
    return user_hash % WEEK_MS + WEEK_MS * np.arange(2_800, 2_800 + weeks, dtype=np.int64)


def hashes(count: int) -> np.ndarray:
    return np.random.default_rng(4).integers(1, 2**64 - 1, count, dtype=np.uint64)


@pytest.mark.parametrize(("days", "every"), [(7, 1), (30, 5), (35, 5), (36, 6), (60, 9)])
def test_one_of_each_horizon_and_never_two_that_overlap(days: int, every: int) -> None:
    for user in hashes(50).tolist():
        times = instants(user, every * 20)
        picked = chosen(np.full(len(times), user, np.uint64), times, days * DAY_MS)
        assert (picked.reshape(20, every).sum(axis=1) == 1).all()
        assert (np.diff(times[picked]) >= days * DAY_MS).all()


def test_users_differ_in_which_week_is_chosen() -> None:
    users = hashes(5_000)
    times = np.array([instants(user, 1)[0] for user in users.tolist()])
    share = chosen(users, times, 30 * DAY_MS).mean()
    assert share == pytest.approx(0.2, abs=0.02)


def test_it_does_not_matter_with_whom_one_is_asked_about() -> None:
    users = hashes(40)
    times = np.array([instants(user, 1)[0] for user in users.tolist()])
    alone = [bool(chosen(users[i : i + 1], times[i : i + 1], 30 * DAY_MS)[0]) for i in range(40)]
    assert chosen(users, times, 30 * DAY_MS).tolist() == alone
