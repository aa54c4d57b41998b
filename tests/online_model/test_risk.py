"""Risk as it is served: who is scored by which version, and why."""

from pathlib import Path

import numpy as np
import pytest

from domain.catalogue import CATALOGUE
from domain.features import features
from domain.state import States, empty
from online_model import own_rhythm
from online_model.loading import load
from online_model.own_rhythm import Population
from online_model.registry.registry import Registry
from online_model.risk import BASELINE, Risk
from tests.online_model.versions import FACTS, KEY, LINEAGE, announced, publish

T = 1_600_000_000_000
DAY = 86_400_000
HABIT = Population(990, 990 * 3 * 86_400)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry(str(tmp_path / "registry"), KEY)
    made.prepare()
    return made


def users(count: int) -> tuple[States, np.ndarray[tuple[int], np.dtype[np.uint64]]]:
    states = empty(count)
    states["sessions"] = 3
    states["first_ms"] = states["first_session_ms"] = T
    states["last_ms"] = states["last_active_ms"] = T + np.arange(count) * DAY
    states["gap_count"], states["gap_sum_s"] = 2, 86_400
    return states, np.random.default_rng(0).integers(0, 2**64, count, dtype=np.uint64)


def everybody(states: States) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    return np.arange(len(states)), np.full(len(states), T + 100 * DAY)


def test_without_a_version_the_baseline_serves() -> None:
    states, hashes = users(5)
    slots, nows = everybody(states)
    risk = Risk().of(states, slots, nows, hashes, HABIT, FACTS.horizon_ms)
    assert (risk == own_rhythm.risks(states, slots, nows, HABIT, FACTS.horizon_ms)).all()
    assert Risk().versions == (BASELINE,)
    assert Risk().serving(hashes).tolist() == [0] * 5
    why = Risk().reasons(states, 0, T + 100 * DAY, hashes[0], HABIT, FACTS.horizon_ms, {})
    assert "no session for 100 days" in why[0].text + why[1].text


def test_a_version_scores_the_features_of_now(registry: Registry) -> None:
    version = publish(registry)
    risk = load(registry, announced(registry, (version, 1.0)), LINEAGE)
    states, hashes = users(5)
    states["sessions"][4] = 0
    slots, nows = everybody(states)
    found = risk.of(states, slots, nows, hashes, HABIT, FACTS.horizon_ms)
    expected = risk.parts[0].scorer.score(features(states, slots, nows))
    assert found[:4].tolist() == expected[:4].tolist()
    assert np.isnan(found[4])
    assert risk.versions == (version,)


def test_shares_are_kept_to_and_a_growing_one_keeps_its_users(registry: Registry) -> None:
    new, old = publish(registry, "recursive", 2), publish(registry)
    states, hashes = users(2000)
    slots, nows = everybody(states)
    served = []
    for share in (0.1, 0.5):
        risk = load(registry, announced(registry, (new, share), (old, 1 - share)), LINEAGE)
        assert risk.versions == (new, old)
        serving = risk.serving(hashes)
        assert abs((serving == 0).mean() - share) < 0.05
        found = risk.of(states, slots, nows, hashes, HABIT, FACTS.horizon_ms)
        x = features(states, slots, nows)
        for number, part in enumerate(risk.parts):
            rows = serving == number
            assert found[rows].tolist() == part.scorer.score(x[rows]).tolist()
        served.append(set(np.flatnonzero(serving == 0).tolist()))
    assert served[0] < served[1]


@pytest.mark.parametrize("name", ["logistic", "network"])
def test_reasons_are_the_versions_own_and_the_same_each_time(registry: Registry, name: str) -> None:
    risk = load(registry, announced(registry, (publish(registry, name), 1.0)), LINEAGE)
    states, hashes = users(1)
    first, second = (
        risk.reasons(states, 0, T + 100 * DAY, hashes[0], HABIT, FACTS.horizon_ms, {}) for _ in range(2)
    )
    assert first == second
    assert 1 <= len(first) <= 3
    assert all(reason.text and reason.weight != 0 for reason in first)
    assert len(CATALOGUE) == risk.parts[0].background.shape[1]
