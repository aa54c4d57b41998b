"""When drift is an alarm, and when it is none."""

import pickle

import numpy as np
import pytest

from domain.catalogue import INDEX
from domain.labels import FEATURES
from online_model.drift.features import start_of
from online_model.drift.grid import WATCHED
from online_model.drift.watch import COOLDOWN_WEEKS, DriftWatch
from tests.online_model.drift.populations import FIRST, People, losses

CHANGED = FIRST + 40


def run(watch: DriftWatch, people: People, weeks: range, factor: float = 1.0) -> list[int]:
    """Weeks with an alarm."""
    found = []
    for week in weeks:
        watch.add_features(*people.week(week, factor))
        found += [week] * len(watch.end_of_week(week))
    return found


def test_a_sudden_change_is_an_alarm_after_two_weeks_and_only_one() -> None:
    watch, people = DriftWatch(), People(1_000, 1)
    assert run(watch, people, range(FIRST, CHANGED)) == []
    assert run(watch, people, range(CHANGED, CHANGED + 60), 3.0) == [CHANGED + 1]


def test_the_finding_says_what_changed() -> None:
    watch, people = DriftWatch(), People(1_000, 1)
    run(watch, people, range(FIRST, CHANGED))
    for week in (CHANGED, CHANGED + 1):
        watch.add_features(*people.week(week, 3.0))
        findings = watch.end_of_week(week)
    (finding,) = findings
    assert finding.cause == "features"
    assert finding.at_ms == start_of(CHANGED + 2)
    assert len(finding.features) == len(WATCHED)
    worst = finding.features[0]
    assert worst.psi > 0.2
    assert worst.chance < 1e-6
    assert worst.mean_shift == pytest.approx(2.0, abs=0.3)
    assert worst.feature in finding.text


def test_one_odd_week_is_no_alarm() -> None:
    watch, people = DriftWatch(), People(1_000, 2)
    run(watch, people, range(FIRST, CHANGED))
    assert run(watch, people, range(CHANGED, CHANGED + 1), 3.0) == []
    assert watch.compared[0].psi > 0.2, "it is shown all the same"
    assert run(watch, people, range(CHANGED + 1, CHANGED + 30)) == []


@pytest.mark.parametrize("seed", range(10))
def test_stationary_users_raise_none_in_a_year(seed: int) -> None:
    assert run(DriftWatch(), People(250, seed), range(FIRST, FIRST + 52)) == []


def test_too_few_users_are_no_evidence() -> None:
    watch, people = DriftWatch(), People(150, 3)
    assert run(watch, people, range(FIRST, CHANGED)) == []
    assert run(watch, people, range(CHANGED, CHANGED + 10), 5.0) == []


def test_counters_that_fill_up_are_no_drift() -> None:
    watch, people = DriftWatch(), People(500, 4)
    found = []
    for number in range(52):
        times, x = people.week(FIRST + number)
        for feature in WATCHED:
            length, unit = feature.window.split()
            weeks = int(length) / 7 if unit == "d" else int(length)
            x[:, INDEX[feature.name]] *= min(number + 1, weeks) / weeks
        x[:, INDEX["sessions_total"]] = number
        watch.add_features(times, x)
        found += watch.end_of_week(FIRST + number)
    assert found == []


def test_a_feature_that_goes_missing_is_a_change() -> None:
    watch, people = DriftWatch(), People(500, 5)
    run(watch, people, range(FIRST, CHANGED))
    found = []
    for week in range(CHANGED, CHANGED + 2):
        times, x = people.week(week)
        x[:250, INDEX["sessions_7d"]] = np.nan
        watch.add_features(times, x)
        found += watch.end_of_week(week)
    assert [c.feature for c in found[0].features] == ["sessions_7d"]


def test_any_split_gives_the_same() -> None:
    whole, parts = DriftWatch(), DriftWatch()
    one, other = People(300, 6), People(300, 6)
    times, champion, reference = losses(6, 350, 40)
    whole.add_errors(times, champion, reference)
    for some in np.array_split(np.arange(len(times)), 997):
        parts.add_errors(times[some], champion[some], reference[some])
    assert whole.error_difference == parts.error_difference < 0
    for week in range(FIRST, FIRST + 45):
        factor = 1.0 if week < CHANGED else 3.0
        whole.add_features(*one.week(week, factor))
        times, x = other.week(week, factor)
        for some in np.array_split(np.arange(len(times)), 7):
            parts.add_features(times[some], x[some])
        parts = pickle.loads(pickle.dumps(parts))
        assert str(whole.end_of_week(week)) == str(
            parts.end_of_week(week)
        )  # as text: NaN differs from itself
        assert str(whole.compared) == str(parts.compared)


def test_memory_is_bounded() -> None:
    watch, people = DriftWatch(), People(400, 7)
    sizes = []
    for week in range(FIRST, FIRST + 80):
        run(watch, people, range(week, week + 1))
        sizes.append(len(pickle.dumps(watch)))
    assert max(sizes) < 2_000_000
    assert sizes[-1] == pytest.approx(sizes[-40], rel=0.05)


def test_huge_and_unknown_values_are_counted_somewhere() -> None:
    watch = DriftWatch()
    for week in range(FIRST, FIRST + 40):
        times = np.full(300, start_of(week))
        x = np.tile(np.array([[np.nan], [np.inf], [-np.inf], [1e300], [-1e300], [0.0]]), (50, FEATURES))
        watch.add_features(times, x)
        assert watch.end_of_week(week) == []
    assert len(watch.compared) == len(WATCHED)
    assert all(c.psi == 0 for c in watch.compared)


def test_weeks_must_be_ended() -> None:
    watch, people = DriftWatch(), People(300, 8)
    for week in range(FIRST, FIRST + 4):
        watch.add_features(*people.week(week))
    with pytest.raises(
        ValueError, match=f"week {FIRST + 4} has begun, but weeks from {FIRST} on are not ended"
    ):
        watch.add_features(*people.week(FIRST + 4))


def test_what_comes_after_the_end_of_its_week_is_counted_as_late() -> None:
    watch, people = DriftWatch(), People(300, 9)
    watch.end_of_week(FIRST)
    watch.add_features(*people.week(FIRST))
    assert watch.late == 300


def test_a_champion_that_becomes_worse_is_an_alarm() -> None:
    watch = DriftWatch()
    times, champion, reference = losses(1, 200, 200, worse_from=120)
    weeks = (times - start_of(FIRST)) // (7 * 86_400_000)
    found = []
    for week in range(29):
        rows = weeks == week
        watch.add_errors(times[rows], champion[rows], reference[rows])
        found += watch.end_of_week(FIRST + week)
    (finding,) = found
    assert finding.cause == "error"
    assert finding.error is not None
    assert finding.error.before < finding.error.now
    days = (finding.at_ms - start_of(FIRST)) / 86_400_000 - 120
    assert 0 < days < 14


@pytest.mark.parametrize("seed", range(10))
def test_a_steady_champion_raises_no_alarm_in_a_year(seed: int) -> None:
    watch = DriftWatch()
    watch.add_errors(*losses(seed, 364, 100))
    assert watch.end_of_week(FIRST + 52) == []


def test_a_champion_that_becomes_better_raises_no_alarm() -> None:
    watch = DriftWatch()
    times, champion, reference = losses(2, 200, 200, worse_from=120)
    watch.add_errors(times, reference, champion)
    assert watch.end_of_week(FIRST + 29) == []


def test_alarms_keep_their_distance() -> None:
    watch, people = DriftWatch(), People(1_000, 10)
    # users change in week 40; the champion becomes worse two weeks after that alarm, well within the cooldown
    times, champion, reference = losses(3, 490, 600, worse_from=309)
    weeks = (times - start_of(FIRST)) // (7 * 86_400_000)
    found: list[int] = []
    for number in range(43 + COOLDOWN_WEEKS):
        week = FIRST + number
        rows = weeks == number
        watch.add_errors(times[rows], champion[rows], reference[rows])
        found += run(watch, people, range(week, week + 1), 1.0 if week < CHANGED else 3.0)
    assert found == [CHANGED + 1]
