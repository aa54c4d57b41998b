"""From a landmark day on: who is in, and that nothing of later is known."""

from datetime import timedelta

import numpy as np
import pandas as pd

from batch_jobs.survival.counts import followed
from batch_jobs.survival.job import Survival
from batch_jobs.survival.options import Options
from batch_jobs.survival.tallies import tallies
from tests.batch_jobs.survival.stars import Person, at, raw_lives, star_of

AS_OF = at("2024-06-01")
NAMES = ("sessions", "active_days", "orders")


def cells(people: list[Person], day: int) -> list[tuple[int, ...]]:
    star = star_of(people, AS_OF)
    found = tallies(star, Options(landmarks=(day,)), None, AS_OF.date()).landmarks
    staying = followed(star, found, "passage", "exclude")
    staying = staying[staying["duration"] > day].assign(entry=lambda own: own["entry"].clip(lower=day))
    keys = [*NAMES, "entry", "duration", "event", "users"]
    return [tuple(map(int, row)) for row in staying[keys].to_numpy()]


def test_by_hand() -> None:
    start = at("2024-03-01 10:00")
    visits = tuple(start + timedelta(days=d) for d in (0, 0.1, 7, 7.9, 8, 20))
    # two sessions on day 0, one on day 7, 10:00; the next, on day 8, comes after the landmark
    people = [Person(start, visits, orders=(visits[2], visits[4]))]
    # four floors 0, 1, 2, 4, 8: three sessions are band 2, two days band 2, one order band 1; lost on day 50
    assert cells(people, 7) == [(2, 2, 1, 7, 50, 1, 1)]
    assert cells(people, 8) == [(3, 2, 2, 8, 50, 1, 1)]


def test_who_was_not_there_is_in_the_band_of_none() -> None:
    assert cells([Person(at("2024-03-01 10:00"))], 7) == [(0, 0, 0, 7, 30, 1, 1)]


def test_the_lost_and_those_not_followed_so_far_are_not_in() -> None:
    people = [
        Person(at("2024-03-01 10:00")),  # lost on day 30
        Person(at("2024-05-02 10:00"), (at("2024-05-20 10:00"),)),  # followed to day 29
        Person(at("2024-05-01 10:00"), (at("2024-05-20 10:00"),)),  # to day 30
        Person(at("2024-04-30 10:00"), (at("2024-05-20 10:00"),)),  # to day 31
    ]
    assert cells(people, 30) == [(1, 1, 0, 30, 31, 0, 1)]
    assert len(cells(people, 29)) == 3


def test_what_comes_later_changes_no_covariate() -> None:
    start = at("2024-03-01 10:00")
    early = tuple(start + timedelta(days=d) for d in range(5))
    later = tuple(start + timedelta(days=d) for d in range(8, 38))
    quiet, busy = (cells([Person(start, visits, orders=visits[5:])], 7) for visits in (early, early + later))
    assert quiet[0][:4] == busy[0][:4]
    assert quiet[0][4] < busy[0][4]


def test_sessions_that_say_nothing_are_found_to_say_nothing() -> None:
    """Whoever stays longer has more sessions in all; at a landmark they differ by chance alone."""
    rng = np.random.default_rng(4)
    people = []
    for _ in range(600):
        start = at("2024-01-01 10:00") + timedelta(days=int(rng.integers(0, 60)))
        stay = 8 + float(rng.exponential(40))
        people.append(
            Person(start, tuple(start + timedelta(days=d) for d in np.arange(0, stay, rng.choice([1, 4]))))
        )
    tables = Survival(Options(landmarks=(7,)))(star_of(people, AS_OF), lambda _, __: None)
    tests = tables["logrank"].to_pandas()
    found = tests[
        (tests["view"] == "landmark_7") & (tests["group_kind"] == "sessions") & (tests["group_a"] == "all")
    ]
    assert found["p"].iloc[0] > 0.01
    raw = raw_lives(people, AS_OF)
    curves = tables["curves"].to_pandas()
    own = curves[(curves["view"] == "landmark_7") & (curves["group_kind"] == "all")].set_index("day")
    assert own["survival"].isna()[:7].all()
    assert own.loc[7, "survival"] == 1.0
    assert own.loc[8, "at_risk"] == (raw["duration"] > 7).sum()
    groups = curves[(curves["view"] == "landmark_7") & (curves["group_kind"] == "sessions")]
    assert list(pd.unique(groups["group"])) == ["2-3", "8+"]
