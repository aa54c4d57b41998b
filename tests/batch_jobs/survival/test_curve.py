"""Kaplan-Meier on counts: by hand, as lifelines has it on one row a user, and as published."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_leukemia, load_lung, load_rossi, load_waltons
from lifelines.utils import restricted_mean_survival_time

from batch_jobs.survival.curve import Curve, day_table, fit, median, restricted_mean
from tests.batch_jobs.survival.counting import counts_of

Z = 1.959963984540054


def curve_of(*users: tuple[int, int], days: int = 10) -> Curve:
    return fit(counts_of([d for d, _ in users], [e for _, e in users]), days, 0.05)


def test_by_hand() -> None:
    # five users: lost on days 1 and 3 (two), censored on days 2 and 4
    curve = curve_of((1, 1), (2, 0), (3, 1), (3, 1), (4, 0), days=6)
    assert curve.table.at_risk[:6].tolist() == [5, 5, 4, 3, 1, 0]
    assert curve.table.events[:5].tolist() == [0, 1, 0, 2, 0]
    assert curve.table.censored[:5].tolist() == [0, 0, 1, 0, 1]
    # 4/5, then 4/5 * 1/3; nobody is followed after day 4
    np.testing.assert_allclose(curve.survival[:5], [1, 0.8, 0.8, 4 / 15, 4 / 15])
    assert np.isnan(curve.survival[5:]).all()
    assert np.isnan(curve.lower[5:]).all()
    assert np.isnan(curve.upper[5:]).all()
    # Greenwood: 1/(5*4) on day 1, 2/(3*1) more on day 3; limits S ** exp(+-z sqrt(sum) / log S)
    for day, variance in ((1, 1 / 20), (2, 1 / 20), (3, 1 / 20 + 2 / 3)):
        s = curve.survival[day]
        power = np.exp(Z * np.sqrt(variance) / np.log(s))
        np.testing.assert_allclose([curve.lower[day], curve.upper[day]], [s ** (1 / power), s**power])
    assert median(curve) == (3, 1, None)


def test_all_censored() -> None:
    curve = curve_of((2, 0), (2, 0), (4, 0), days=6)
    np.testing.assert_array_equal(curve.survival[:5], 1.0)
    np.testing.assert_array_equal(curve.upper[:5], 1.0)
    # none of three: 0.025 ** (1/3), and later of one
    np.testing.assert_allclose(curve.lower[:5], [0.025 ** (1 / 3)] * 3 + [0.025] * 2)
    assert np.isnan(curve.survival[5:]).all()
    assert median(curve) == (None, None, None)
    assert restricted_mean(curve, 5, Z) == (5.0, 5.0, 5.0)
    assert restricted_mean(curve, 6, Z) is None


def test_all_lost() -> None:
    curve = curve_of((1, 1), (1, 1), (3, 1), days=5)
    np.testing.assert_allclose(curve.survival[:6], [1, 1 / 3, 1 / 3, 0, 0, 0])
    np.testing.assert_array_equal(curve.lower[3:6], 0.0)
    # the limit of the day before, times what one loss of one leaves open
    np.testing.assert_allclose(curve.upper[3:6], curve.upper[2] * 0.975)
    assert median(curve)[0] == 1


def test_all_lost_on_one_day() -> None:
    curve = curve_of((2, 1), (2, 1), days=4)
    np.testing.assert_allclose(curve.survival[:5], [1, 1, 0, 0, 0])
    np.testing.assert_allclose(curve.upper[2:5], 1 - 0.025**0.5)


def test_lost_on_the_day_of_the_origin() -> None:
    curve = curve_of((0, 1), (5, 0), days=5)
    np.testing.assert_allclose(curve.survival[:6], 0.5)
    assert median(curve)[0] == 0


def test_late_entrants_are_at_risk_after_their_day() -> None:
    # one from the beginning, lost on day 5; one enters at the end of day 4, one at the end of day 5
    counts = counts_of([5, 9, 9], [1, 0, 1], entry=[0, 4, 5])
    curve = fit(counts, 10, 0.05)
    assert curve.table.at_risk[:10].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    np.testing.assert_allclose(curve.survival[:10], [1] * 5 + [0.5] * 4 + [0.25])


def test_a_curve_ends_where_all_have_left_and_others_enter_later() -> None:
    curve = fit(counts_of([2, 9], [1, 1], entry=[0, 5]), 10, 0.05)
    assert curve.survival[:3].tolist() == [1.0, 1.0, 0.0]
    assert np.isnan(curve.survival[3:]).all()


def test_from_a_landmark_on_survival_is_one_and_certain_on_its_day() -> None:
    curve = fit(counts_of([8, 9, 9], [1, 0, 0], entry=[7, 7, 7]), 10, 0.05)
    assert np.isnan(curve.survival[:7]).all()
    assert (curve.survival[7], curve.lower[7], curve.upper[7]) == (1.0, 1.0, 1.0)
    np.testing.assert_allclose(curve.survival[8:10], 2 / 3)
    mean = restricted_mean(curve, 9, Z)
    assert mean is not None
    assert mean[0] == pytest.approx(8 + 2 / 3)


USERS = st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)


@settings(deadline=None, max_examples=40)
@given(USERS)
def test_as_lifelines_on_one_row_a_user(users: list[tuple[int, bool, int]]) -> None:
    duration, event = ([user[column] for user in users] for column in (0, 1))
    curve = fit(counts_of(duration, np.array(event, dtype=int)), 15, 0.05)
    with np.errstate(all="ignore"):
        raw = KaplanMeierFitter().fit(duration, event, timeline=range(16))
    _same(curve, raw, max(duration))
    # not lifelines' median: it misses halves that sums of logarithms have rounded up
    halved = [
        day for day, share in enumerate(raw.survival_function_.to_numpy()[:, 0]) if round(share, 9) <= 0.5
    ]
    assert median(curve)[0] == (halved[0] if halved else None)


@settings(deadline=None, max_examples=40)
@given(USERS)
def test_as_lifelines_with_late_entry(users: list[tuple[int, bool, int]]) -> None:
    # somebody is there all the time, so that the risk set is never empty
    kept = [(15, False, 0), *((d, e, entry) for d, e, entry in users if entry == 0 or d > entry)]
    duration, event, entry = ([user[column] for user in kept] for column in range(3))
    curve = fit(counts_of(duration, np.array(event, dtype=int), entry), 15, 0.05)
    with np.errstate(all="ignore"):
        raw = KaplanMeierFitter().fit(duration, event, timeline=range(16), entry=entry)
    _same(curve, raw, 15)
    at_risk = [sum((e == 0 or e < day) and d >= day for d, _, e in kept) for day in range(16)]
    assert curve.table.at_risk.tolist() == at_risk


def _same(curve: Curve, raw: KaplanMeierFitter, last: int) -> None:
    survival = raw.survival_function_.to_numpy()[: last + 1, 0]
    np.testing.assert_allclose(curve.survival[: last + 1], survival, rtol=1e-12)
    limits = raw.confidence_interval_.to_numpy()[: last + 1]
    inner = (survival > 0) & (survival < 1)
    np.testing.assert_allclose(curve.lower[: last + 1][inner], limits[inner, 0], rtol=1e-10)
    np.testing.assert_allclose(curve.upper[: last + 1][inner], limits[inner, 1], rtol=1e-10)


@settings(deadline=None, max_examples=40)
@given(USERS)
def test_limits_hold_the_estimate_and_never_rise(users: list[tuple[int, bool, int]]) -> None:
    curve = curve_of(*((duration, int(event)) for duration, event, _ in users), days=15)
    known = ~np.isnan(curve.survival)
    survival, lower, upper = (column[known] for column in (curve.survival, curve.lower, curve.upper))
    assert ((lower >= 0) & (lower <= survival) & (survival <= upper) & (upper <= 1)).all()
    assert (np.diff(survival) <= 0).all()


@pytest.mark.parametrize("horizon", [10, 25, 52])
def test_restricted_mean_as_lifelines(horizon: int) -> None:
    rossi = load_rossi()
    curve = fit(counts_of(rossi["week"], rossi["arrest"]), 60, 0.05)
    found = restricted_mean(curve, horizon, Z)
    assert found is not None
    with np.errstate(all="ignore"):
        raw = KaplanMeierFitter().fit(rossi["week"], rossi["arrest"])
    assert found[0] == pytest.approx(restricted_mean_survival_time(raw, t=horizon), rel=1e-9)
    # Klein & Moeschberger, by a slow sum
    survival = [float(raw.predict(week)) for week in range(horizon)]
    table = raw.event_table
    variance = sum(
        sum(survival[int(week) :]) ** 2 * row.observed / (row.at_risk * (row.at_risk - row.observed))
        for week, row in table.iterrows()
        if week < horizon
    )
    assert (found[2] - found[0]) == pytest.approx(Z * np.sqrt(variance), rel=1e-9)


def test_published_remissions() -> None:
    """Freireich et al. 1963, as in Klein & Moeschberger, table 4.1: 21 patients on 6-MP, 21 on placebo."""
    data = load_leukemia()
    treated, placebo = (
        fit(counts_of(own["t"], own["status"]), 40, 0.05)
        for own in (data[data["Rx"] == 0], data[data["Rx"] == 1])
    )
    weeks = [6, 7, 10, 13, 16, 22, 23]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    np.testing.assert_allclose(treated.survival[weeks], published, atol=5e-4)
    assert treated.table.at_risk[weeks].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert median(treated)[0] == 23
    assert median(placebo) == (8, 4, 11)
    assert placebo.survival[23] == 0


def test_published_medians_of_lung_cancer() -> None:
    """R, survival: `survfit(Surv(time, status) ~ sex, lung)`: medians 270 and 426 days, of all 310."""
    lung = load_lung()
    men, women = lung[lung["sex"] == 1], lung[lung["sex"] == 2]
    medians = [median(fit(counts_of(d["time"], d["status"]), 1100, 0.05))[0] for d in (lung, men, women)]
    assert medians == [310, 270, 426]


def test_rossi_and_waltons_on_counts() -> None:
    for data, time, event in ((load_rossi(), "week", "arrest"), (load_waltons(), "T", "E")):
        duration = data[time].astype(int)
        with np.errstate(all="ignore"):
            raw = KaplanMeierFitter().fit(duration, data[event], timeline=range(100))
        _same(fit(counts_of(duration, data[event]), 99, 0.05), raw, int(duration.max()))


def test_a_table_is_as_long_as_its_longest_life() -> None:
    assert len(day_table(counts_of([20], [1]), 5).at_risk) == 21
