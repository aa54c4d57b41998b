"""What the model benchmark counts and compares, on cases that can be done by hand."""

import numpy as np
import pytest

from benchmarks.model.examples import last_label
from benchmarks.model.judging import Bound, auc_difference, examples_until_back
from benchmarks.model.retail import remembered
from domain.settings import FactSettings
from online_model.training.past import Examples, Past

HOUR = 3_600_000


def losses(*parts: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    values = np.concatenate([np.full(count, value) for count, value in parts])
    return np.arange(len(values), dtype=np.int64), values


def test_examples_until_the_loss_is_back_for_good() -> None:
    times, values = losses((100, 0.5), (200, 0.8), (300, 0.5))
    back, worst = examples_until_back(times, values, 100, 0.5, window=50)
    # a window of 50 is within 5 % once no more than 4 of 0.8 are in it: 46 of the good ones have come
    assert back == 246
    assert worst == pytest.approx(0.8)


def test_a_relapse_counts() -> None:
    times, values = losses((100, 0.5), (100, 0.8), (100, 0.5), (100, 0.8), (100, 0.5))
    back, _ = examples_until_back(times, values, 100, 0.5, window=50)
    assert back == 346


def test_never_away_and_never_back() -> None:
    times, values = losses((200, 0.5))
    assert examples_until_back(times, values, 100, 0.5, 50) == (0, 0.5)
    times, values = losses((100, 0.5), (100, 0.8))
    assert examples_until_back(times, values, 100, 0.5, 50)[0] is None


def test_a_difference_and_its_interval() -> None:
    rng = np.random.default_rng(2)
    users = [f"u{number // 4}" for number in range(800)]
    lost = rng.random(800) < 0.4
    good, bad = lost + rng.normal(0, 0.7, 800), lost + rng.normal(0, 2.0, 800)
    found = auc_difference(users, lost, good, bad, 300, seed=1)
    assert found.low < found.found < found.high
    assert found.low > 0.1
    same = auc_difference(users, lost, good, good, 30, seed=1)
    assert (same.low, same.found, same.high) == (0.0, 0.0, 0.0)


def test_users_are_drawn_and_not_snapshots() -> None:
    rng = np.random.default_rng(3)
    lost = np.repeat(rng.random(100) < 0.5, 8)
    users = [f"u{number // 8}" for number in range(800)]
    good, bad = (np.repeat(rng.normal(0, 1, 100), 8) + lost for _ in range(2))
    apart = auc_difference(users, lost, good, bad, 300, seed=1)
    alone = auc_difference([str(number) for number in range(800)], lost, good, bad, 300, seed=1)
    assert apart.deviation > 2 * alone.deviation


def test_a_last_label_is_remembered_only_once_it_is_known() -> None:
    nothing = Past(FactSettings(), (), 0).finish(1).examples
    times = np.array([0, 5, 10, 11, 5]) * HOUR
    lost = np.array([True, False, False, False, False])
    examples = Examples(
        ["a", "a", "a", "a", "b"],
        times,
        nothing.scored._replace(lost=lost),
        np.ones(5),
        nothing.sampled,
        nothing.features,
    )
    # the label of hour 0 is known from hour 5 on, but not in it; that of hour 5 in hour 11
    assert last_label(examples, 5 * HOUR).tolist() == [0.5, 0.5, 0.75, 0.25, 0.5]
    assert last_label(examples, 5 * HOUR, leak=2 * HOUR).tolist() == [0.5, 0.75, 0.25, 0.25, 0.5]


def test_a_leak_shows_among_users_with_a_settled_label() -> None:
    """Each user's label lasts for a while; who has none yet is lost more often, which is no leak."""
    rng, lost = np.random.default_rng(4), []
    honest, leaking = [], []
    for _ in range(3000):
        settled, label = rng.random() < 0.7, rng.random() < 0.35
        lost.append(label if settled else rng.random() < 0.7)
        before = label if rng.random() < 0.2 else rng.random() < 0.35
        honest.append((0.75 if before else 0.25) if settled else 0.5)
        leaking.append(0.75 if lost[-1] else 0.25)
    found = remembered(np.array(lost), {"0 days": np.array(honest), "60 days": np.array(leaking)})
    assert found["leak of 0 days"] == pytest.approx(0.6, abs=0.03)
    assert found["leak of 60 days"] == 1.0
    assert found["whether there is one"] == pytest.approx(0.63, abs=0.05)
    assert found["share with a settled label"] == pytest.approx(0.7, abs=0.03)


def test_bounds() -> None:
    assert Bound(1.0, 0.9, 1.1).met
    assert not Bound(0.89, 0.9, 1.1).met
    assert not Bound(float("nan"), low=0.9).met
    assert Bound(None, high=1.0).as_json()["result"] == "missed"
