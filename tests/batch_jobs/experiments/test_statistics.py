"""Differences, anytime-valid looks, survival and shares against other implementations and simulation."""

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from scipy import stats

from batch_jobs.experiments.differences import Difference, Sums, Vector, difference, theta
from batch_jobs.experiments.ratio import ratio
from batch_jobs.experiments.sequences import anytime_interval, anytime_p, mixture
from batch_jobs.experiments.survival import survival


def sums(y: Vector, x: Vector) -> Sums:
    """Of users along the last axis."""
    shape = np.full(y.shape[:-1], float(y.shape[-1]))
    return Sums(shape, *(v.sum(axis=-1) for v in (y, y * y, x, x * x, x * y)))


def drawn(seed: int, users: int, shift: float) -> tuple[Vector, Vector]:
    rng = np.random.default_rng(seed)
    x = rng.poisson(4.0, users).astype(float)
    return shift + 0.7 * x + rng.normal(0, 1, users), x


def test_a_difference_without_adjustment_is_welchs() -> None:
    (y, x), (w, v) = drawn(1, 300, 0.4), drawn(2, 500, 0.0)
    found = difference(sums(y, x), sums(w, v))
    assert found.value == pytest.approx(y.mean() - w.mean())
    expected = stats.ttest_ind(y, w, equal_var=False)
    assert found.value / np.sqrt(found.variance) == pytest.approx(expected.statistic)


def test_cuped_is_the_difference_of_what_x_leaves_over() -> None:
    (y, x), (w, v) = drawn(1, 300, 0.4), drawn(2, 500, 0.0)
    slope = theta([sums(y, x), sums(w, v)])
    inside = np.concatenate([x - x.mean(), v - v.mean()])
    assert slope == pytest.approx(np.polyfit(inside, np.concatenate([y - y.mean(), w - w.mean()]), 1)[0])
    found = difference(sums(y, x), sums(w, v), slope)
    a, b = y - slope * x, w - slope * v
    assert found.value == pytest.approx(a.mean() - b.mean())
    assert found.variance == pytest.approx(a.var(ddof=1) / 300 + b.var(ddof=1) / 500)
    assert found.variance < difference(sums(y, x), sums(w, v)).variance / 2


def test_intervals_hold_a_known_effect_as_often_as_they_say() -> None:
    """1,000 experiments at once: users are retained by how active they were before, in the variant 6 points more."""
    rng = np.random.default_rng(11)
    arms = []
    for users, effect in ((300, 0.06), (150, 0.0)):
        x = rng.poisson(4.0, (1_000, users)).astype(float)
        y = (rng.random((1_000, users)) < 0.3 + effect + 0.05 * np.minimum(x, 10)).astype(float)
        arms.append(sums(y, x))
    for adjusted in (False, True):
        low, high = difference(arms[0], arms[1], theta(arms) if adjusted else 0.0).interval()
        held = (low <= 0.06) & (high >= 0.06)
        assert 0.91 <= held.mean() <= 0.99


def test_a_covariate_that_does_not_vary_changes_nothing() -> None:
    y, w = drawn(1, 50, 0.0)[0], drawn(2, 50, 0.0)[0]
    assert theta([sums(y, np.zeros(50)), sums(w, np.zeros(50))]) == 0


def test_p_is_the_level_at_which_the_interval_lets_zero_out() -> None:
    found, users = Difference(np.array([0.08]), np.array([0.0004])), np.array([2_000.0])
    rho2 = mixture(2_000, 0.05)
    p = anytime_p(found, users, rho2)
    low, _ = anytime_interval(found, users, rho2, float(p[0]))
    assert low[0] == pytest.approx(0, abs=1e-12)
    assert anytime_p(Difference(np.zeros(1), np.zeros(1)), users, rho2) == 1


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_daily_looks_at_no_effect_reject_seldom_and_find_an_effect(share: float) -> None:
    """1,000 experiments of 120 days with 50 users a day; one look a day of a test for one look rejects far more."""
    rng = np.random.default_rng(5)
    rho2 = mixture(2_000, 0.05)

    def experiment(effect: float) -> tuple[Vector, Vector]:
        treated = np.cumsum(rng.binomial(50, share, (1_000, 120)), axis=1).astype(float)
        control = np.arange(50, 6_001, 50) - treated
        hits = np.cumsum(rng.binomial(np.diff(treated, prepend=0).astype(int), 0.3 + effect), axis=1)
        kept = np.cumsum(rng.binomial(np.diff(control, prepend=0).astype(int), 0.3), axis=1)
        zero = np.zeros(1)
        looks = (treated >= 50) & (control >= 50)
        found = difference(
            Sums(treated, hits.astype(float), hits.astype(float), zero, zero, zero),
            Sums(control, kept.astype(float), kept.astype(float), zero, zero, zero),
        )
        p = np.where(looks, anytime_p(found, treated + control, rho2), 1.0)
        naive = np.where(looks, 2 * stats.norm.sf(np.abs(found.value) / np.sqrt(found.variance)), 1.0)
        return p.min(axis=1) <= 0.05, naive.min(axis=1) <= 0.05

    with np.errstate(invalid="ignore"):
        anytime, naive = experiment(0.0)
        assert anytime.mean() <= 0.05
        assert naive.mean() > 0.2
        assert experiment(0.1)[0].mean() > 0.9


def test_survival_is_that_of_kaplan_and_meier() -> None:
    rng = np.random.default_rng(3)
    lost_on, known = rng.geometric(0.04, 900) - 1, rng.integers(3, 60, 900)
    days = 20
    gone = lost_on < np.minimum(known, days)
    lost = np.bincount(lost_on[gone], minlength=days)
    censored = np.bincount(np.minimum(known, days)[~gone], minlength=days + 1)
    found = survival(lost, censored)
    assert found is not None
    # lifelines takes losses before censorings of the same day: a loss on day d is one at d + 1 at the latest
    fitter = KaplanMeierFitter().fit(np.where(gone, lost_on + 0.5, np.minimum(known, days)), gone)
    assert found.share == pytest.approx(float(fitter.predict(days)))
    table = fitter.event_table.loc[lambda t: t["observed"] > 0]
    left = table["at_risk"] - table["observed"]
    greenwood = (table["observed"] / table["at_risk"] / left).sum()
    assert found.variance == pytest.approx(found.share**2 * greenwood)
    curve = [float(fitter.predict(day + 0.75)) for day in range(days)]
    assert found.days == pytest.approx(sum(curve))
    assert found.users == 900


def test_without_censoring_survival_is_a_mean() -> None:
    lost_on = np.random.default_rng(4).integers(0, 20, 400)
    lost = np.bincount(lost_on[lost_on < 10], minlength=10)
    censored = np.zeros(11, np.int64)
    censored[10] = int((lost_on >= 10).sum())
    found = survival(lost, censored)
    assert found is not None
    stayed = np.minimum(lost_on, 10)
    assert found.days == pytest.approx(stayed.mean())
    assert found.days_variance == pytest.approx(stayed.var() / 400)
    assert found.variance == pytest.approx(found.share * (1 - found.share) / 400)


def test_survival_ends_where_nobody_is_known_any_more() -> None:
    assert survival(np.array([1, 0, 0]), np.array([0, 5, 0, 0])) is None
    everybody = survival(np.array([3, 0, 0]), np.array([0, 0, 0, 0]))
    assert everybody is not None
    assert (everybody.share, everybody.days) == (0, 0)
    assert survival(np.zeros(3, np.int64), np.zeros(4, np.int64)) is None


def test_shares_that_the_lot_cannot_have_given_are_seen() -> None:
    assert ratio(["a", "b"], [5_000, 5_080], None).ok
    assert ratio(["a", "b"], [5_000, 5_500], None).ok is False
    planned = ratio(["a", "b"], [900, 9_100], {"a": 1, "b": 9})
    assert not planned.ok
    assert planned.p == pytest.approx(stats.binomtest(900, 10_000, 0.1).pvalue, rel=0.2)
    assert ratio(["a", "b"], [990, 9_010], {"a": 1, "b": 9}).ok
    assert ratio(["a", "c"], [10, 10], {"a": 1, "b": 1}).ok is False
    assert ratio(["a"], [10_000], {"a": 1, "b": 1}).ok is False
    assert ratio(["a"], [10], None).ok is None
