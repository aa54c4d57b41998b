"""Losses a month: as lifelines' Nelson-Aalen on one row a user, and by hand."""

import numpy as np
import pytest
from lifelines import NelsonAalenFitter
from lifelines.datasets import load_lung

from batch_jobs.survival.curve import day_table
from batch_jobs.survival.hazard import Month, months
from tests.batch_jobs.survival.counting import counts_of

Z = 1.959963984540054


def months_of(duration: object, event: object, entry: object = 0) -> list[Month]:
    counts = counts_of(duration, event, entry)
    return list(months(day_table(counts, 0), 0.05, Z))


def test_as_lifelines_on_one_row_a_user() -> None:
    lung = load_lung()
    found = months_of(lung["time"], lung["status"])
    with np.errstate(all="ignore"):
        raw = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(
            lung["time"], lung["status"], timeline=range(1200)
        )
    hazard, limits = raw.cumulative_hazard_.to_numpy()[:, 0], raw.confidence_interval_.to_numpy()
    for month in found:
        assert (month.from_day, month.to_day) == (30 * month.number - 30, 30 * month.number - 1)
        assert month.cumulative == pytest.approx(hazard[month.to_day], rel=1e-12)
        assert month.cumulative_lower == pytest.approx(limits[month.to_day, 0], rel=1e-12)
        assert month.cumulative_upper == pytest.approx(limits[month.to_day, 1], rel=1e-12)
        before = hazard[month.from_day - 1] if month.from_day else 0.0
        assert month.rate == pytest.approx(hazard[month.to_day] - before, rel=1e-9, abs=1e-12)
        assert month.rate_lower <= month.rate <= month.rate_upper
    assert [month.number for month in found] == list(range(1, len(found) + 1))
    assert found[-1].to_day <= lung["time"].max() < found[-1].to_day + 30


def test_by_hand() -> None:
    # ten users; two lost on day 10, one of the eight left on day 20, the others are followed to day 40
    (month,) = months_of([10] * 2 + [20] + [40] * 7, [1] * 3 + [0] * 7)
    assert (month.at_risk, month.events) == (10, 3)
    assert month.rate == pytest.approx(2 / 10 + 1 / 8)
    error = np.sqrt(2 * 8 / 10**3 + 1 * 7 / 8**3)
    assert month.rate_upper == pytest.approx(month.rate * np.exp(Z * error / month.rate))


def test_a_month_without_losses_leaves_open_what_few_users_can_hide() -> None:
    (month,) = months_of([35, 35, 35, 12], [0] * 4)
    assert (month.rate, month.rate_lower) == (0.0, 0.0)
    assert month.rate_upper == pytest.approx(-np.log(0.025) / 3)


def test_months_that_are_not_followed_to_their_end_are_left_out() -> None:
    assert months_of([28], [1]) == []
    assert [month.number for month in months_of([29, 58], [0, 0])] == [1]


def test_a_month_that_begins_late_counts_as_a_whole_one() -> None:
    (first,) = months_of([29, 29], [1, 0], entry=[14, 14])
    assert (first.from_day, first.to_day) == (15, 29)
    assert first.rate == pytest.approx(2 * 1 / 2)
