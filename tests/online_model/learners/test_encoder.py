"""The columns of dense learners, against numpy over all rows at once."""

import math

import numpy as np
import pytest

from domain.catalogue import CATALOGUE, INDEX
from online_model.learners.bins import QUANTILES, bin_of, bins_of
from online_model.learners.encoder import (
    CLIP,
    CODE,
    CODE_BUCKETS,
    IGNORED,
    LOGARITHM,
    MONTH,
    Matrix,
    Moments,
    bucket_of,
    encode,
    learn_row,
    no_moments,
    plan_of,
    transformed,
)
from tests.online_model.learners.rows import examples, hostile

PLAN = plan_of()


def learned(x: Matrix) -> tuple[Moments, Matrix]:
    """Moments after the rows, and each row as it was encoded when it was learned."""
    moments, out = no_moments(PLAN.columns), np.empty((len(x), PLAN.columns))
    for row, z in zip(x, out, strict=True):
        learn_row(row, PLAN.way, PLAN.first, moments, z)
    return moments, out


def column(name: str) -> int:
    return int(PLAN.first[INDEX[name]])


def test_moments_are_those_of_all_known_values() -> None:
    x = examples(500).x
    moments, _ = learned(x)
    for name in ("spend_total", "days_since_ticket", "gap_sd_days", "silence_over_gap"):
        values = x[:, INDEX[name]]
        known = np.sign(values) * np.log1p(np.abs(values))
        k = column(name)
        assert moments.mean[k] == pytest.approx(np.nanmean(known), rel=1e-12)
        assert moments.inverse[k] == pytest.approx(1 / np.nanstd(known), rel=1e-9)
        assert moments.mean[k + 1] == pytest.approx(np.isnan(values).mean())
    k = column("paid")
    assert moments.mean[k] == pytest.approx(np.nanmean(x[:, INDEX["paid"]]), rel=1e-12)


def test_a_row_counts_before_it_is_used() -> None:
    x = examples(200).x
    _, rows = learned(x)
    for n in (2, 17, 200):
        moments, _ = learned(x[:n])
        assert encode(x[n - 1 : n], PLAN, moments)[0].tolist() == rows[n - 1].tolist()


def test_encoding_moves_nothing() -> None:
    moments, _ = learned(examples(50).x)
    before = [a.tobytes() for a in moments]
    encode(hostile(), PLAN, moments)
    assert [a.tobytes() for a in moments] == before


def test_what_never_varied_is_0_and_the_unknown_stands_at_the_mean() -> None:
    x = examples(300).x
    moments, _ = learned(x)
    z = encode(x, PLAN, moments)
    assert not z[:, column("trials")].any()
    assert not z[:, [column("days_since_trial"), column("days_since_trial") + 1]].any()
    unknown = np.isnan(x[:, INDEX["gap_mean_days"]])
    k = column("gap_mean_days")
    assert not z[unknown, k].any()
    assert np.all(z[unknown, k + 1] > 0)
    assert np.all(z[~unknown, k + 1] < 0)
    changed = x[:1].copy()
    changed[0, INDEX["trials"]] = 99.0
    assert encode(changed, PLAN, moments)[0, column("trials")] == 0


def test_nothing_leaves_the_bounds() -> None:
    moments, rows = learned(np.concatenate([examples(100).x, hostile(), examples(100, seed=2).x]))
    for z in (rows, encode(hostile(), PLAN, moments)):
        assert np.all(np.abs(z) <= CLIP)
    assert np.isfinite(np.concatenate(moments)).all()


def test_transformations() -> None:
    assert transformed(3.0, LOGARITHM) == math.log1p(3.0)
    assert transformed(-3.0, LOGARITHM) == -math.log1p(3.0)
    assert transformed(0.5, 1) == 0.5
    assert transformed(1e300, 1) == 1e6
    assert math.isnan(transformed(math.inf, LOGARITHM))
    kinds = {name: PLAN.way[INDEX[name]] for name in ("spend_total", "paid", "silence_over_gap", "plan")}
    assert kinds == {"spend_total": LOGARITHM, "paid": 1, "silence_over_gap": LOGARITHM, "plan": CODE}


def test_categories_are_spread_over_their_buckets() -> None:
    codes = np.random.default_rng(3).integers(1, 2**32, 4000)
    counts = np.bincount([bucket_of(float(c), CODE) for c in codes], minlength=CODE_BUCKETS)
    assert len(counts) == CODE_BUCKETS
    assert counts.min() > 400
    assert [bucket_of(float(m), MONTH) for m in range(1, 13)] == list(range(12))
    assert [bucket_of(v, CODE) for v in (math.nan, math.inf, 1e300)] == [-1, -1, -1]


def test_bins_hold_about_as_many_each() -> None:
    x = examples(2000).x
    bins = bins_of(x, PLAN.way)
    j = INDEX["spend_total"]
    size = int(bins.first[j + 1] - bins.first[j])
    assert size == QUANTILES + 1
    found = np.bincount([bin_of(v, bins.way[j], bins.edges[j], size) for v in x[:, j]], minlength=size)
    known = np.count_nonzero(~np.isnan(x[:, j]))
    assert found[-1] == 2000 - known
    assert np.all(np.abs(found[:-1] - known / QUANTILES) < 3)
    assert bins.way[INDEX["trials"]] == IGNORED


def test_bins_of_few_values_are_those_values() -> None:
    x = np.full((90, len(CATALOGUE)), np.nan)
    j = INDEX["refunds_total"]
    x[:, j] = np.repeat([0.0, 1.0, 5.0], 30)
    bins = bins_of(x, PLAN.way)
    size = int(bins.first[j + 1] - bins.first[j])
    assert [bin_of(v, bins.way[j], bins.edges[j], size) for v in (-1.0, 0.0, 0.5, 1.0, 5.0, 9.0, math.nan)] == [
        0, 0, 1, 1, 2, 2, 3,
    ]  # fmt: skip
