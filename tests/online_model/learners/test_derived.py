"""Derived columns: what each says, of whom nothing is known, and whom they count among."""

import math

import numpy as np
import pytest

from domain.catalogue import CATALOGUE, INDEX
from online_model.learners.derived import COLUMNS, OWNERS, places_of, widened
from online_model.learners.wide import WideScorer
from online_model.own_rhythm import risk_of
from tests.online_model.learners.rows import examples, hostile, taught

PLACES = places_of(CATALOGUE)
USER = {
    "sessions_total": 6.0, "gap_mean_days": 4.0, "days_since_last_session": 11.0, "silence_over_gap": 2.75,
    "tenure_days": 31.0, "features_used": 2.0,
}  # fmt: skip


def derived(**other: float) -> list[float]:
    x = np.full((1, len(CATALOGUE)), np.nan)
    for name, value in (USER | other).items():
        x[0, INDEX[name]] = value
    wide = widened(x, PLACES)
    assert np.array_equal(wide[:, : len(CATALOGUE)], x, equal_nan=True)
    found: list[float] = wide[0, len(CATALOGUE) :].tolist()
    return found


def test_the_own_rhythm_is_told_in_log_odds() -> None:
    left, quiet = derived()[:2]
    with_us, none = 1 / (1 + math.exp(left)), math.exp(quiet)
    assert 1 - with_us * (1 - none) == pytest.approx(risk_of(5.0, 20.0, 31.0, 3.0, 30.0), rel=1e-12)


def test_hinges_products_and_caps() -> None:
    found = derived(days_since_last_session=25.0, silence_over_gap=5.0)
    left, quiet, above_0, above_2, by_quiet, by_silence, by_tenure, fading, ratio, new, few = found
    assert 0 < left < 2
    assert (above_0, above_2) == (left, 0.0)
    assert by_quiet == left * quiet
    assert by_silence == pytest.approx(left * math.log(26), rel=1e-12)
    assert by_tenure == pytest.approx(left * math.log(32), rel=1e-12)
    assert fading == pytest.approx(math.exp(-2.5), rel=1e-12)
    assert (ratio, new, few) == (5.0, 0.0, 1.0)
    far = derived(days_since_last_session=400.0, silence_over_gap=100.0, tenure_days=15.0, features_used=3.0)
    assert (far[0], far[2], far[3], far[8], far[9], far[10]) == (8.0, 8.0, 6.0, 6.0, 0.5, 0.0)
    assert derived(days_since_last_session=0.0)[2:4] == [0.0, 0.0]
    assert derived(sessions_total=2.0)[10] == 0.0


def test_what_cannot_be_known_is_unknown() -> None:
    assert np.isnan(derived(sessions_total=0.0)[:7]).all()
    assert np.isnan(derived(days_since_last_session=math.inf)[:8]).all()
    assert np.isnan([derived(tenure_days=math.nan)[i] for i in (6, 9)]).all()
    assert not np.isnan(derived(gap_mean_days=math.nan)).any()
    wide = widened(hostile(), PLACES)[:, len(CATALOGUE) :]
    assert not np.isinf(wide).any()


def test_parts_count_among_the_owners_and_add_up() -> None:
    scorer = taught("recursive").scorer()
    assert isinstance(scorer, WideScorer)
    x = np.concatenate([examples(100, seed=2).x, hostile()])
    parts, base = scorer.contributions(x)
    assert parts.shape == x.shape
    linear = scorer.linear.log_odds(widened(x, PLACES))
    assert parts.sum(axis=1) + base == pytest.approx(linear, abs=1e-9)
    own, _ = scorer.linear.contributions(widened(x, PLACES))
    changed = np.flatnonzero(np.any(parts != own[:, : len(CATALOGUE)], axis=0))
    assert {CATALOGUE[j].name for j in changed} <= set(OWNERS)
    assert len(OWNERS) == COLUMNS
