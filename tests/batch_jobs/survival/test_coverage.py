"""Whether the limits hold the truth: the short version of `benchmarks.survival_coverage`."""

import numpy as np
from scipy.stats import binom

from benchmarks.survival_coverage import AS_OF, DAYS, coverage, estimate, passages

SAMPLES = 30


def test_limits_hold_the_first_passage_of_uncensored_users() -> None:
    everybody = passages(20_000, 332, 99)
    curves = [estimate(passages(400, AS_OF, seed)) for seed in range(SAMPLES)]
    least = int(binom.ppf(1e-4, SAMPLES, 0.95))
    for row in coverage(curves, everybody):
        assert row.held >= least, row
        # the mean of the samples is near the truth, by four standard errors of one share of 400 users
        assert abs(row.mean - row.truth) < 4 * np.sqrt(row.truth * (1 - row.truth) / (400 * SAMPLES) * 4), row
    assert [row.day for row in coverage(curves, everybody)] == list(DAYS)
