"""Trials: what is known at a landmark, the split by time, and probabilities of the engine."""

from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from batch_jobs.star.star import Star
from batch_jobs.value import trials
from tests.batch_jobs.rows import Day, active, noon, star_of

AS_OF = date(2024, 6, 1)


def crowd(users: int, seed: int) -> tuple[list[Day], dict[str, datetime]]:
    """Trials of the last half year; who uses the product more pays more often, between day 2 and 20."""
    chance = Random(seed)
    rows: list[Day] = []
    paid: dict[str, datetime] = {}
    for number in range(users):
        user, started = f"u{number}", AS_OF - timedelta(chance.randrange(1, 180))
        keen = chance.random()
        rows.append(active(user, started, trial=noon(started), pages=chance.randrange(1, 9)))
        rows += [
            active(user, started + timedelta(day), pages=chance.randrange(1, 20))
            for day in range(1, 25)
            if chance.random() < keen
        ]
        if chance.random() < keen * 0.8:
            paid[user] = noon(started + timedelta(chance.randrange(2, 20)))
    return rows, {user: time for user, time in paid.items() if time.date() < AS_OF}


def test_who_stands_at_a_landmark(tmp_path: Path) -> None:
    start = date(2024, 4, 1)
    rows = [
        active("plain", start, trial=noon(start), pages=5),
        active("plain", start + timedelta(2), pages=7, session_ms=1_800_000),
        active("plain", start + timedelta(3), pages=1_000),  # after the landmark of 3 days
        active("early", start, trial=noon(start)),
        active("late", start, trial=noon(start)),
        active("too_late", start, trial=noon(start)),
        active("before", start, trial=noon(start)),
        active("fresh", AS_OF - timedelta(2), trial=noon(AS_OF - timedelta(2))),
        active("none", start),
    ]
    paid = {
        "early": noon(start + timedelta(2)),
        "late": noon(start + timedelta(3)),
        "too_late": noon(start + timedelta(30)),
        "before": noon(start - timedelta(1)),  # of an earlier plan: the trial has won nothing
    }
    star = star_of(rows, AS_OF, paid=paid)
    days = trials.first_days(star, tmp_path)
    found = {row["user"]: row for row in trials.at_landmark(days, 3).to_pyarrow().to_pylist()}
    assert set(found) == {"plain", "late", "too_late", "before"}
    assert {user for user, row in found.items() if row["won"]} == {"late"}
    assert {name: found["plain"][name] for name in trials.FEATURES} == {
        "active_days": 2,
        "activities": 2,
        "sessions": 2,
        "minutes": 40,
        "pages": 12,
        "conversions": 0,
        "tickets": 0,
        "silent_days": 0,
    }
    assert found["late"]["silent_days"] == 2
    assert found["plain"]["age"] == (AS_OF - start).days
    (one,) = (r for r in trials.at_landmark(days, 1).to_pyarrow().to_pylist() if r["user"] == "fresh")
    assert one["age"] == 2


def test_nothing_is_learned_from_outcomes_of_after_the_split() -> None:
    started = np.sort(np.random.default_rng(0).integers(0, 200, 500))
    known = trials.Known(np.zeros((500, 8)), np.zeros(500, np.bool_), started)
    first, then = trials.split(known)
    assert first.any()
    assert then.sum() >= 150
    assert started[first].max() + trials.WITHIN_DAYS <= started[then].min()
    nobody = trials.Known(np.zeros((0, 8)), np.zeros(0, np.bool_), np.zeros(0, np.int64))
    assert [len(part) for part in trials.split(nobody)] == [0, 0]


@pytest.fixture(scope="module")
def star() -> Star:
    rows, paid = crowd(600, seed=1)
    return star_of(rows, AS_OF, paid=paid)


def test_the_model_is_that_of_a_pipeline_and_of_the_engine(star: Star, tmp_path: Path) -> None:
    at = trials.at_landmark(trials.first_days(star, tmp_path), 3)
    known = trials.known(at)
    assert (np.diff(known.started) >= 0).all()
    model = trials.learned(known.rows, known.won)
    pipeline = make_pipeline(
        FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression(C=1.0, max_iter=1_000, tol=1e-8)
    )
    expected = pipeline.fit(known.rows, known.won).predict_proba(known.rows)[:, 1]
    assert model.probabilities(known.rows) == pytest.approx(expected, abs=1e-4)
    still = {r["user"]: r for r in at.filter((at.age >= 3) & (at.age < 7)).to_pyarrow().to_pylist()}
    served = {r["user"]: r for r in trials.open_trials(at, model, 3).to_pyarrow().to_pylist()}
    assert set(served) == set(still)
    assert served
    for user, row in served.items():
        features = np.array([[still[user][name] for name in trials.FEATURES]])
        assert row["probability"] == pytest.approx(float(model.probabilities(features)[0]))


def test_trials_are_told_apart_by_their_first_days(star: Star, tmp_path: Path) -> None:
    known = trials.known(trials.at_landmark(trials.first_days(star, tmp_path), 7))
    first, then = trials.split(known)
    said = trials.learned(known.rows[first], known.won[first]).probabilities(known.rows[then])
    found = trials.judged(7, int(first.sum()), said, known.won[then], float(known.won[first].mean()))
    assert found["auc"] > 0.65
    assert found["brier"] < found["brier_of_rate"]
    bins = trials.calibration(7, said, known.won[then])
    assert sum(row["trials"] for row in bins) == found["tested"]
    assert [row["predicted"] for row in bins] == sorted(row["predicted"] for row in bins)


def test_days_are_read_of_a_sample_and_of_open_trials(
    star: Star, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = trials.first_days(star, tmp_path)
    least = 40
    expected = {}
    for landmark in trials.LANDMARKS:
        at = trials.at_landmark(every, landmark).to_pyarrow().to_pylist()
        due = sorted((row for row in at if row["age"] >= trials.WITHIN_DAYS), key=lambda row: row["hash"])
        expected[landmark] = [[row[name] for name in trials.FEATURES] for row in due[:least]]
    everybody = set(every.user.to_pyarrow().to_pylist())
    monkeypatch.setattr(trials, "SAMPLE", least)
    (tmp_path / "sampled").mkdir()
    days = trials.first_days(star, tmp_path / "sampled")
    for landmark, rows in expected.items():
        known = trials.known(trials.at_landmark(days, landmark))
        assert sorted(known.rows.tolist()) == sorted(rows)
    left = set(days.user.to_pyarrow().to_pylist())
    assert len(left) < len(everybody) / 2
    still = {row["user"] for row in days.to_pyarrow().to_pylist() if row["age"] < trials.WITHIN_DAYS}
    assert still == {row["user"] for row in every.to_pyarrow().to_pylist() if row["age"] < trials.WITHIN_DAYS}
