"""Figures of drift, against their formulas on the raw values."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from domain.labels import FEATURES
from online_model.drift.comparison import compare, quantile_bins, stability
from online_model.drift.grid import WATCHED, FeatureCounts, WeekCounts, cells_of

FEATURE = [f.name for f in WATCHED].index("sessions_30d")


def counted(values: np.ndarray) -> FeatureCounts:
    week = WeekCounts()
    week.add(np.tile(values[:, None], (1, FEATURES)))
    return week.of(FEATURE)


def test_whole_numbers_have_cells_of_their_own() -> None:
    week = WeekCounts()
    week.add(np.tile(np.arange(17.0)[:, None], (1, FEATURES)))
    assert np.count_nonzero(week.of(FEATURE).cells) == 17


def test_cells_keep_the_order_of_values() -> None:
    values = np.sort(np.concatenate([-np.geomspace(1e-6, 1e12, 300), [0.0], np.geomspace(1e-6, 1e12, 300)]))
    cells = cells_of(np.tile(values[:, None], (1, len(WATCHED))))
    assert np.all(np.diff(cells, axis=0) >= 0)


def test_bins_have_about_a_tenth_each() -> None:
    old = counted(np.random.default_rng(1).gamma(2, 50, 20_000))
    shares = np.bincount(quantile_bins(old.cells), old.cells) / 20_000
    assert len(shares) == 11
    assert shares[:-1] == pytest.approx(np.full(10, 0.1), abs=0.04)
    assert shares[-1] == 0


def test_psi_is_its_formula_less_the_mean_of_chance() -> None:
    p, q = np.array([400, 300, 300]), np.array([200, 500, 300])
    shares = (p + 0.5) / 1001.5, (q + 0.5) / 1001.5
    raw = ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()
    psi, chance = stability(p, q, 1000, 1000)
    assert psi == pytest.approx(raw - 2 * 2 / 1000)
    assert chance < 1e-20


def test_chance_says_how_often_equal_populations_differ_so_much() -> None:
    rng = np.random.default_rng(2)
    found = [
        stability(rng.multinomial(300, [0.1] * 10), rng.multinomial(500, [0.1] * 10), 300, 500)
        for _ in range(4000)
    ]
    assert np.mean([chance < 0.05 for _, chance in found]) == pytest.approx(0.05, abs=0.02)
    assert np.mean([psi for psi, _ in found]) < 0.012
    assert 9 * (1 / 300 + 1 / 500) > 0.045, "so much it would be if chance were left in"


def test_ks_and_mean_are_those_of_the_raw_values() -> None:
    rng = np.random.default_rng(3)
    old, new = rng.poisson(4, 3000).astype(float), rng.poisson(5, 2000).astype(float)
    found = compare("sessions_30d", [counted(old)], counted(new))
    assert found.ks == pytest.approx(ks_2samp(old, new).statistic)
    assert found.mean_before == pytest.approx(old.mean(), abs=1e-3)
    assert found.mean_shift == pytest.approx(new.mean() / old.mean() - 1, abs=1e-3)


def test_js_is_that_of_the_bins() -> None:
    rng = np.random.default_rng(4)
    old, new = counted(rng.poisson(4, 3000).astype(float)), counted(rng.poisson(6, 2000).astype(float))
    bins = quantile_bins(old.cells)
    expected = jensenshannon(np.bincount(bins, old.cells), np.bincount(bins, new.cells), base=2) ** 2
    assert compare("sessions_30d", [old], new).js == pytest.approx(expected)


def test_nothing_known_is_no_difference() -> None:
    unknown = counted(np.full(300, np.nan))
    found = compare("sessions_30d", [unknown], unknown)
    assert found.psi == 0
    assert found.chance == 1
    assert np.isnan(found.ks)
    assert np.isnan(found.mean_shift)


def test_the_mean_does_not_depend_on_the_split() -> None:
    values = np.random.default_rng(5).gamma(2, 50, 1000)
    week = WeekCounts()
    for part in np.array_split(values, 13):
        week.add(np.tile(part[:, None], (1, FEATURES)))
    assert week.of(FEATURE).mean == counted(values).mean
