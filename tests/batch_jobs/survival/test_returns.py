"""Resurrections, by hand."""

import pytest

from batch_jobs.survival.job import Survival
from batch_jobs.survival.options import Options
from online_model.quality.intervals import wilson
from tests.batch_jobs.survival.stars import Person, at, star_of


def test_by_hand() -> None:
    start = at("2024-01-01 10:00")  # all are lost on 31 January
    people = [
        Person(start, (start, at("2024-02-10 10:00"))),  # back after 10 days
        Person(start, (start, at("2024-03-01 10:00"))),  # after 30
        Person(start, (start,)),  # never: 60 days are known on 1 April
        Person(start, (start,)),
        Person(at("2024-03-20"), (at("2024-03-20"),)),  # not lost
    ]
    tables = Survival(Options(landmarks=(), milestones=(9, 10, 30, 60, 61)))(
        star_of(people, at("2024-04-01")), lambda _, __: None
    )
    everyone = tables["returns"].to_pylist()[0]
    low, high = wilson(2, 4)
    assert everyone == {
        "group_kind": "all", "group": "all", "lost": 4, "returned": 2, "share": 0.5, "lower": pytest.approx(low),
        "upper": pytest.approx(high), "median_days": 10, "small": True,
    }  # fmt: skip
    milestones = [row for row in tables["return_milestones"].to_pylist() if row["group_kind"] == "all"]
    assert [row["share"] for row in milestones[:-1]] == pytest.approx([0.0, 0.25, 0.5, 0.5])
    assert milestones[-1]["share"] is None
    assert [row["at_risk"] for row in milestones] == [4, 4, 3, 2, 0]
    for row in milestones[:-1]:
        assert row["lower"] <= row["share"] <= row["upper"]
