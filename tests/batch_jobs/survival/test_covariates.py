"""What knows the future is refused, with a reason."""

import pytest

from batch_jobs.job import JobError
from batch_jobs.survival.covariates import LANDMARK
from batch_jobs.survival.job import Survival
from batch_jobs.survival.options import Options


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("segment", "a segment is made of all behaviour up to the as-of"),
        ("orders", "whoever stays longer has more of it. It can be had at a landmark day"),
        ("spent", "what came later than the start of the comparison depends on how long the user stayed"),
        ("weather", "there is no such covariate"),
    ],
)
def test_groups_that_were_not_known_at_the_origin(name: str, reason: str) -> None:
    with pytest.raises(JobError) as refused:
        Survival(Options(groups=("plan", name)))
    assert reason in str(refused.value)
    assert "Known at a user's origin: channel, plan, geography, platform." in str(refused.value)


@pytest.mark.parametrize("name", ["segment", "spent", "weather"])
def test_covariates_that_are_not_known_at_a_landmark(name: str) -> None:
    with pytest.raises(JobError, match="Known at a landmark day: sessions, active_days, orders"):
        Survival(Options(landmark_covariates=(name,)))


def test_bands() -> None:
    assert LANDMARK["sessions"].labels == ("0", "1", "2-3", "4-7", "8+")
    assert LANDMARK["orders"].labels == ("0", "1", "2+")
