"""What is remembered, of whom, and that the way it came in changes nothing."""

import math
import pickle
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online_model.quality.metrics import metrics
from online_model.quality.quality import Quality, QualityReport
from online_model.quality.report import judge
from online_model.quality.scored import Scored, joined
from online_model.quality.slices import slices
from online_model.quality.untreated import HEAVIEST, Untreated

Vector = npt.NDArray[np.float64]


def scored(n: int, seed: int = 1, names: tuple[str, ...] = ("a", "b"), **columns: Any) -> Scored:
    """Examples whose outcomes happen as often as predicted."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    made = Scored(
        due_day=np.arange(n) // 50,
        lost=rng.random(n) < 1 / (1 + np.exp(-z)),
        weights=np.ones(n),
        chosen=rng.random(n) < 0.2,
        predictions={name: 1 / (1 + np.exp(-z - i * rng.normal(size=n))) for i, name in enumerate(names)},
        silence_days=rng.exponential(8, n),
        tenure_days=rng.exponential(200, n),
        plan=rng.integers(-1, 3, n),
        month=2011 * 12 + np.arange(n) // 400,
        treated=np.zeros(n, np.bool_),
        holdout=np.zeros(n, np.bool_),
    )
    return made._replace(**columns)


def by_lot(n: int, share: float, seed: int) -> npt.NDArray[np.bool_]:
    return np.random.default_rng(seed).random(n) < share


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 120), max_size=12), st.integers(1, 250))
def test_however_the_runs_are_cut_the_state_is_the_same_to_the_byte(cuts: list[int], size: int) -> None:
    late = scored(150, seed=3, names=("b", "c"))
    everything = joined([scored(150), late])
    n = everything.examples
    everything = everything._replace(treated=by_lot(n, 0.2, 5), holdout=by_lot(n, 0.2, 6))
    whole, parts = Quality(size), Quality(size)
    whole.add(everything)
    start = 0
    for cut in [*cuts, n]:
        parts.add(everything.take(slice(start, start + cut)))
        start += cut
    assert pickle.dumps(whole) == pickle.dumps(parts)


def test_only_the_last_are_remembered() -> None:
    everything = scored(1000)
    quality = Quality(300)
    for start in range(0, 1000, 70):
        quality.add(everything.take(slice(start, start + 70)))
    last = everything.take(slice(700, None))
    assert quality.report("b") == metrics(last.lost, last.predictions["b"])
    summary = quality.summary()
    assert (summary.settled, summary.remembered) == (1000, 300)


def test_memory_does_not_grow_with_examples_or_with_contestants_that_are_gone() -> None:
    quality = Quality(100)
    sizes = []
    for i in range(30):
        quality.add(scored(100, seed=i, names=(f"challenger@{i:02d}",)))
        sizes.append(len(pickle.dumps(quality)))
    assert sizes[-1] < sizes[2] + 50
    assert list(quality.summary().contestants) == ["challenger@29"]


def test_older_examples_fade_by_their_number() -> None:
    everything = scored(500)
    quality = Quality(400, half_life=100)
    quality.add(everything)
    last = everything.take(slice(100, None))
    weights = 0.5 ** (np.arange(399, -1, -1) / 100)
    assert quality.report("a", fading=True) == metrics(last.lost, last.predictions["a"], weights)
    fading = quality.summary().contestants["a"].fading["all"]
    assert fading.log_loss == pytest.approx(metrics(last.lost, last.predictions["a"], weights).log_loss)


def test_every_part_is_judged_by_itself() -> None:
    everything = scored(3000)
    quality = Quality()
    quality.add(everything)
    summary = quality.summary().contestants["b"].parts
    day = (everything.silence_days >= 1) & (everything.silence_days < 7)
    alone = metrics(everything.lost[day], everything.predictions["b"][day])
    found = summary["silence:1-7d"]
    assert found.examples == int(day.sum())
    for name in ("roc_auc", "pr_auc", "log_loss", "brier", "ece", "slope"):
        assert getattr(found, name) == pytest.approx(getattr(alone, name), rel=1e-9)
    assert quality.report("b", "silence:1-7d") == alone
    assert quality.report("b", "plan:77").examples == 0
    assert quality.report("nobody").examples == 0


def test_parts_cover_everybody_once() -> None:
    days = np.array([0.0, 0.99, 1.0, 6.9, 7.0, 14.0, 29.9, 30.0, 500.0, math.nan, -1.0])
    made = scored(11, silence_days=days, plan=np.arange(11) - 1, month=np.full(11, 2011 * 12 + 4))
    found = slices(made)
    bands = {
        name: np.flatnonzero(mask).tolist() for name, mask in found.items() if name.startswith("silence")
    }
    assert bands == {
        "silence:0-1d": [0, 1, 10], "silence:1-7d": [2, 3], "silence:7-14d": [4], "silence:14-30d": [5, 6],
        "silence:30d+": [7, 8], "silence:unknown": [9],
    }  # fmt: skip
    for kind in ("tenure", "plan", "month"):
        masks = [mask for name, mask in found.items() if name.startswith(kind)]
        assert np.sum(masks, axis=0).tolist() == [1] * 11
    assert "month:2011-05" in found
    assert "plan:unknown" in found


def test_of_many_plans_those_with_most_examples_are_named() -> None:
    plan = np.concatenate([np.repeat(np.arange(12) + 100, 3), np.arange(50)])
    found = slices(scored(len(plan), plan=plan))
    assert found["plan:other"].sum() == 50
    assert {name for name in found if name.startswith("plan:1")} == {f"plan:{c}" for c in range(100, 112)}


def test_the_treated_are_left_out_and_the_holdout_stands_for_them() -> None:
    """Users up for treatment are worse; a tenth of them is held out. The weighted base rate is that of all."""
    rng = np.random.default_rng(2)
    n = 40_000
    up, held = rng.random(n) < 0.3, rng.random(n) < 0.1
    would = rng.random(n) < np.where(up, 0.8, 0.2)
    treated = up & ~held
    lost = would & ~(treated & (rng.random(n) < 0.5))  # treatment keeps half of them
    made = scored(n, lost=lost, treated=treated, holdout=up & held)
    quality = Quality(n)
    quality.add(made)
    summary = quality.summary()
    assert summary.treated == int(treated.sum())
    assert summary.holdout_share == pytest.approx(0.1, abs=0.01)
    assert quality.report("a").base_rate == pytest.approx(would.mean(), abs=0.01)
    assert abs(lost[~treated].mean() - would.mean()) > 0.1  # so leaving them out is not enough


def test_a_late_holdout_does_not_weigh_thousands() -> None:
    treated, holdout = np.ones(2000, np.bool_), np.zeros(2000, np.bool_)
    treated[-1], holdout[-1] = False, True
    weights = Untreated().weights(scored(2000, treated=treated, holdout=holdout))
    assert weights[-1] == HEAVIEST
    assert weights[:-1].sum() == 0


def test_contestants_can_be_compared_on_what_all_of_them_said() -> None:
    made = scored(600)
    made.predictions["b"][:200] = np.nan
    apart, paired = judge(made, made.weights), judge(made, made.weights, paired=True)
    assert [apart[name].parts["all"].examples for name in "ab"] == [600, 400]
    assert [paired[name].parts["all"].examples for name in "ab"] == [400, 400]
    assert paired["a"].parts["all"].brier == pytest.approx(
        metrics(made.lost[200:], made.predictions["a"][200:]).brier
    )


def test_tiers_come_with_what_became_of_them() -> None:
    made = scored(2000)
    quality = Quality()
    quality.add(made)
    tiers = quality.summary().contestants["a"].tiers
    high = made.predictions["a"] >= 0.7
    assert tiers["high"].precision == pytest.approx(made.lost[high].mean())
    assert tiers["high"].low < made.lost[high].mean() < tiers["high"].high


def test_the_report_is_json() -> None:
    quality = Quality()
    assert quality.summary().contestants == {}
    quality.add(scored(100))
    report = quality.summary()
    assert msgspec.json.decode(msgspec.json.encode(report), type=QualityReport) == report


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="remembers nothing"):
        Quality(0)
    with pytest.raises(ValueError, match="half-life"):
        Quality(half_life=0)
    with pytest.raises(ValueError, match="no run"):
        joined([])
