"""Calibration is served where it helps, and nowhere else."""

import pickle

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from online_model.calibration.calibration import RENEWED_DAYS, Calibration, calibrated_name
from online_model.quality.metrics import metrics
from online_model.quality.scored import Scored

Vector = npt.NDArray[np.float64]
NAME = "forest"
A_DAY = 100
PERIOD = 31


def day_of(
    day: int, calibration: Calibration, rng: np.random.Generator, slope: float, intercept: float
) -> Scored:
    """One due day; what would have been said at the snapshots is asked for before the outcome teaches."""
    z = rng.normal(-0.5, 1.2, A_DAY)
    raw = 1 / (1 + np.exp(-z))
    return Scored(
        due_day=np.full(A_DAY, day),
        lost=rng.random(A_DAY) < 1 / (1 + np.exp(-(intercept + slope * z))),
        weights=np.ones(A_DAY),
        chosen=rng.random(A_DAY) < 0.25,
        predictions={NAME: raw, calibrated_name(NAME): calibration.calibrated(raw)},
        silence_days=np.ones(A_DAY),
        tenure_days=np.ones(A_DAY),
        plan=np.zeros(A_DAY, np.int64),
        month=np.zeros(A_DAY, np.int64),
        treated=np.zeros(A_DAY, np.bool_),
        holdout=np.zeros(A_DAY, np.bool_),
    )


def run(
    days: range, seed: int, slope: float, intercept: float, calibration: Calibration | None = None
) -> tuple[Calibration, list[bool]]:
    calibration, rng = calibration or Calibration(NAME, PERIOD), np.random.default_rng(seed)
    served = []
    for day in days:
        scored = day_of(day, calibration, rng, slope, intercept)
        calibration.add(scored, scored.weights)
        served.append(calibration.served)
    return calibration, served


def test_predictions_that_are_off_get_calibrated() -> None:
    calibration, served = run(range(250), 1, 0.5, -0.6)
    assert served[-1]
    assert not served[3]
    fresh = day_of(250, calibration, np.random.default_rng(9), 0.5, -0.6)
    raw = fresh.predictions[NAME]
    before, after = metrics(fresh.lost, raw), metrics(fresh.lost, calibration.predict_many(raw))
    assert after.log_loss is not None
    assert before.log_loss is not None
    assert after.log_loss < before.log_loss - 0.05
    assert after.roc_auc == before.roc_auc
    assert calibration.line == (calibration.state().slope, calibration.state().intercept)
    assert calibration.state().gain > 0


def test_predictions_that_are_right_stay_as_they_are() -> None:
    switched = 0
    for seed in range(20):
        calibration, served = run(range(150), seed, 1.0, 0.0)
        switched += any(served)
        assert calibration.line == (1.0, 0.0) or calibration.served
    assert switched <= 1  # 5 % of 20


def test_a_season_is_no_reason_to_calibrate() -> None:
    """Half a year in which everybody leaves more often, seen on thousands of users, is followed by the contrary."""
    for seed in range(3):
        calibration, served = run(range(120), seed, 1.0, 0.5)
        assert calibration.state().gain > 0
        assert calibration.state().days > 100
        _, later = run(range(120, 240), seed, 1.0, -0.5, calibration)
        assert not any(served + later)


def test_it_is_taken_back_when_it_harms() -> None:
    calibration, served = run(range(250), 1, 0.5, -1.0)
    assert served[-1]
    harmful = pickle.loads(pickle.dumps(calibration))
    rng = np.random.default_rng(5)
    for day in range(1000, 1000 + 2 * RENEWED_DAYS):
        # predictions are right again, and what was learned long ago is still said of them
        scored = day_of(day, calibration, rng, 1.0, 0.0)
        if harmful.served:
            harmful.add(scored, scored.weights)
    assert not harmful.served
    p = np.array([0.1, 0.6])
    assert harmful.predict_many(p) is p


def test_only_chosen_examples_that_count_are_tested() -> None:
    calibration, rng = Calibration(NAME, PERIOD), np.random.default_rng(1)
    for day in range(5):
        scored = day_of(day, calibration, rng, 0.3, 2.0)
        calibration.add(scored._replace(chosen=np.zeros(A_DAY, np.bool_)), scored.weights)
        calibration.add(scored, np.zeros(A_DAY))
    assert calibration.state().days == 0
    assert calibration.state().learned == 5 * A_DAY


def test_however_runs_are_cut_it_is_the_same_to_the_byte() -> None:
    calibration, rng = Calibration(NAME, PERIOD), np.random.default_rng(1)
    days = [day_of(day, calibration, rng, 0.5, -1.0) for day in range(60)]
    parts = Calibration(NAME, PERIOD)
    for scored in days:
        calibration.add(scored, scored.weights)
        for start in range(0, A_DAY, 30):
            some = scored.take(slice(start, start + 30))
            parts.add(some, some.weights)
    assert calibration.state() == parts.state()
    assert pickle.dumps(calibration) == pickle.dumps(parts)


def test_a_contestant_that_said_nothing_changes_nothing() -> None:
    calibration = Calibration("network", PERIOD)
    for day in range(3):
        scored = day_of(day, Calibration(NAME, PERIOD), np.random.default_rng(1), 0.5, 0.0)
        calibration.add(scored, scored.weights)
    assert calibration.state() == Calibration("network", PERIOD).state()
    assert msgspec.json.decode(msgspec.json.encode(calibration.state()))["served"] is False
    assert calibration.predict_many(np.array([0.3])) == pytest.approx([0.3])
