"""From day to day as from all users at once."""

from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.job import Tables
from batch_jobs.star import news
from batch_jobs.star.star import Star
from batch_jobs.survival.job import Survival
from batch_jobs.survival.options import Options, Prevalent
from domain.settings import ChurnDefinition, FactSettings
from tests.batch_jobs.star.goingon import along
from tests.batch_jobs.star.happened import DAY
from tests.batch_jobs.star.test_star import CHURNS


def quiet(what: str, share: float) -> None:
    assert 0 <= share <= 1, what


@settings(deadline=None, max_examples=1)
@given(
    st.integers(0, 2**32),
    st.sampled_from(CHURNS),
    st.sampled_from(["exclude", "late"]),
    st.sampled_from([10 * DAY, 5 * DAY + DAY // 2]),
)
def test_as_from_all_users(seed: int, churn: ChurnDefinition, prevalent: Prevalent, inactivity: int) -> None:
    job = Survival(
        Options(landmarks=(2, 7), least_users=1, least_events=2, prevalent=prevalent, milestones=(3, 30))
    )

    def go_on(star: Star, last: Tables, since: date) -> Tables:
        return job.refresh(star, last, since, quiet)

    facts = FactSettings(churn=churn, inactivity_ms=inactivity, allowed_lateness_ms=20 * DAY)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(news, "_MOST", 0)
        told = along(
            Path(folder), Random(seed), facts, lambda star: job(star, quiet), go_on, users=25, steps=4
        )
        assert told, "nothing was gone on from"
