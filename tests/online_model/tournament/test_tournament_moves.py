"""Decisions of a tournament that is fed days of simulated examples."""

import pickle
from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from domain.calendar import DAY_MS
from online_model.quality.scored import Scored
from online_model.tournament.decision import Command, CommandError, Decision
from online_model.tournament.rules import Rules
from online_model.tournament.tournament import Tournament

BASE, GOOD, SAME = "own_rhythm", "logistic", "forest"
RULES = Rules(minimum_days=5, delay_days=3, stands_in=False)
AGES = {BASE: 0, GOOD: 900, SAME: 900}
NOISE = {BASE: 1.5, GOOD: 0.1, SAME: 1.5}


def examples(day: int, noise: Mapping[str, float], rows: int = 60, seed: int = 0) -> Scored:
    """One day's examples; contestants err by so much in log-odds."""
    rng = np.random.default_rng([seed, day])
    truth = rng.normal(0, 1.5, rows)
    lost = rng.random(rows) < 1 / (1 + np.exp(-truth))
    nought = np.zeros(rows, np.int64)
    return Scored(
        due_day=nought + day,
        lost=lost,
        weights=np.ones(rows),
        chosen=np.arange(rows) % 3 != 0,
        predictions={n: 1 / (1 + np.exp(-truth - rng.normal(0, sd, rows))) for n, sd in noise.items()},
        silence_days=np.zeros(rows),
        tenure_days=np.zeros(rows),
        plan=nought,
        month=nought,
        treated=nought > 0,
        holdout=nought > 0,
    )


def play(
    tournament: Tournament,
    days: Iterable[int],
    noise: Mapping[str, float] = NOISE,
    ages: Mapping[str, int] = AGES,
) -> list[Decision]:
    found = []
    for day in days:
        tournament.add(examples(day, noise))
        found += tournament.end_of_day(day, ages)
    return found


def kinds(decisions: list[Decision]) -> list[str]:
    return [decision.kind for decision in decisions]


def promoted() -> tuple[Tournament, int]:
    tournament = Tournament(BASE, RULES)
    for day in range(10, 60):
        if play(tournament, [day]):
            assert tournament.champion == GOOD
            return tournament, day
    raise AssertionError("nobody was promoted")


def test_the_better_one_is_promoted_in_stages_with_its_evidence() -> None:
    tournament = Tournament(BASE, RULES)
    found = play(tournament, range(10, 60))
    assert kinds(found) == ["promote", "roll_out", "roll_out"]
    assert [decision.share for decision in found] == [0.1, 0.5, 1.0]
    first = found[0]
    assert (first.champion, first.previous, first.by) == (GOOD, BASE, "evidence")
    assert first.evidence is not None
    assert first.evidence.days >= RULES.minimum_days
    assert first.evidence.lower >= 0
    assert first.evidence.log_evidence >= -np.log(first.evidence.alpha)
    assert found[1].at_ms - found[0].at_ms == RULES.stage_days * DAY_MS
    assert tournament.rollout is None
    assert tournament.predecessor == BASE
    assert msgspec.json.decode(msgspec.json.encode(first))["evidence"]["other"] == GOOD


def test_the_baseline_only_stands_in_until_somebody_who_has_learned_is_better() -> None:
    patient = Tournament(BASE, Rules(minimum_days=5, delay_days=3, stand_in_examples=240))
    nearly = {BASE: 0.6, GOOD: 0.45, SAME: 0.6}
    # examples count from day 14 on; the fifth day of them is 18, and 60 a day make 240 before that
    assert play(patient, range(10, 18), nearly) == []
    (first,) = play(patient, [18], nearly)
    assert (first.kind, first.champion, first.share) == ("promote", GOOD, 0.1)
    assert "only stood in" in first.reason
    assert first.evidence is not None
    assert first.evidence.log_evidence < -np.log(first.evidence.alpha)
    # from now on, proof is asked for
    play(patient, range(19, 60), nearly | {SAME: 0.4})
    assert patient.champion == GOOD
    strict = Tournament(BASE, RULES)
    assert play(strict, range(10, 19), nearly) == []


def test_whoever_is_worse_does_not_take_the_baselines_place() -> None:
    tournament = Tournament(BASE, Rules(minimum_days=5, delay_days=3))
    assert play(tournament, range(10, 60), {BASE: 0.1, GOOD: 1.5, SAME: 1.5}) == []


def test_equal_ones_stay_where_they_are() -> None:
    tournament = Tournament(BASE, RULES)
    assert play(tournament, range(10, 80), {BASE: 0.5, GOOD: 0.5, SAME: 0.5}) == []
    assert tournament.champion == BASE


def test_challengers_share_alpha_and_late_ones_get_a_part_of_the_rest() -> None:
    tournament = Tournament(BASE, RULES)
    equal = {BASE: 0.5, GOOD: 0.5, SAME: 0.5, "late": 0.5, "later": 0.5}
    play(tournament, [10], equal)
    play(tournament, [11], equal, AGES | {"late": 0})
    play(tournament, [12], equal, AGES | {"late": 0, "later": 0})
    alphas = {name: evidence.alpha for name, evidence in tournament.standings().items()}
    assert alphas == pytest.approx({GOOD: 0.0225, SAME: 0.0225, "late": 0.0025, "later": 0.005 / 6})
    assert sum(alphas.values()) <= RULES.alpha


def test_what_was_said_before_enough_was_learned_does_not_count() -> None:
    tournament = Tournament(BASE, RULES)
    play(tournament, range(10, 20), ages=AGES | {GOOD: 499, SAME: 499})
    play(tournament, range(20, 24))  # grown up on day 20; said on day 21 and due on day 24
    assert tournament.standings()[GOOD].days == 0
    play(tournament, [24])
    assert tournament.standings()[GOOD].days == 1


def test_only_chosen_snapshots_of_untreated_users_count() -> None:
    tournament = Tournament(BASE, RULES)
    play(tournament, [10])
    day = examples(15, NOISE)
    tournament.add(day._replace(treated=np.arange(60) < 30))
    tournament.end_of_day(15, AGES)
    assert tournament.standings()[GOOD].examples == 20


def test_how_examples_are_cut_into_runs_changes_nothing() -> None:
    whole, pieces = Tournament(BASE, RULES), Tournament(BASE, RULES)
    told = play(whole, range(10, 45))
    again: list[Decision] = []
    rng = np.random.default_rng(0)
    for day in range(10, 45):
        rows = examples(day, NOISE)
        cuts = [0, *sorted(rng.integers(0, 61, 3).tolist()), 60]
        for start, end in pairwise(cuts):
            pieces.add(rows.take(slice(start, end)))
        again += pieces.end_of_day(day, AGES)
        pieces = pickle.loads(pickle.dumps(pieces))
    assert told == again
    assert kinds(told)[0] == "promote"
    assert whole.standings() == pieces.standings()


def test_examples_of_a_later_day_wait_for_its_end() -> None:
    one, other = Tournament(BASE, RULES), Tournament(BASE, RULES)
    for day in (10, 15, 16):
        other.add(examples(day, NOISE))
    for day in (10, 15, 16):
        one.add(examples(day, NOISE))
        one.end_of_day(day, AGES)
        other.end_of_day(day, AGES)
        assert one.standings() == other.standings()


def test_a_predecessor_that_is_proven_better_comes_back_and_the_other_rests() -> None:
    tournament, day = promoted()
    found: list[Decision] = []
    while "roll_back" not in kinds(found):
        day += 1
        found += play(tournament, [day], NOISE | {BASE: 0.1, GOOD: 1.5})
    assert (found[-1].champion, found[-1].previous) == (BASE, GOOD)
    assert found[-1].evidence is not None
    assert found[-1].evidence.other == BASE
    rested = day + RULES.rest_days
    assert play(tournament, range(day + 1, rested)) == []
    assert tournament.standings()[GOOD].lower > 0
    assert kinds(play(tournament, [rested])) == ["promote"]


def test_a_roll_out_waits_while_the_predecessor_looks_better() -> None:
    tournament, day = promoted()
    slightly = NOISE | {BASE: 0.3, GOOD: 0.9}
    for later in range(day + 1, day + 40):
        before = tournament.standings().get(BASE)
        for decision in play(tournament, [later], slightly):
            if decision.kind == "roll_out":
                assert decision.evidence is not None
                assert decision.evidence.log_evidence <= np.log(RULES.hold_evidence)
            else:
                assert decision.kind == "roll_back"
                assert before is not None
                assert tournament.champion == BASE
                return
    raise AssertionError("the predecessor did not come back")


def test_a_jump_at_the_swap_rolls_back() -> None:
    tournament, day = promoted()
    old = np.full(100, 0.3)
    expected = examples(day, NOISE).predictions
    usual = float(np.mean(np.abs(expected[BASE] - expected[GOOD])))
    at_ms = (day + 1) * DAY_MS
    assert tournament.swapped(old, old + usual, at_ms, refreshed=False) == []
    found = tournament.swapped(old, old + usual + 0.2, at_ms, refreshed=False)
    assert kinds(found) == ["roll_back"]
    assert tournament.champion == BASE
    assert found[0].figures["moved"] == pytest.approx(usual + 0.2)


def test_a_version_that_says_something_else_is_rejected_without_moving_the_champion() -> None:
    tournament = Tournament(BASE, RULES)
    old = np.array([0.3, np.nan, 0.5])
    assert tournament.swapped(old, old + 0.05, DAY_MS, refreshed=True) == []
    found = tournament.swapped(old, old + 0.15, DAY_MS, refreshed=True)
    assert (kinds(found), found[0].other, tournament.champion) == (["reject_version"], BASE, BASE)
    assert tournament.swapped(old[1:2], old[1:2], DAY_MS, refreshed=True) == []


def aged(tournament: Tournament, days: Iterable[int], noise: float, rows: int) -> list[Decision]:
    found = []
    for day in days:
        tournament.add(examples(day, {BASE: noise, GOOD: noise}, rows))
        found += tournament.end_of_day(day, {BASE: 0, GOOD: 900})
    return found


def test_a_champion_that_declines_gets_fresh_challengers_once_a_month() -> None:
    tournament = Tournament(BASE, RULES)
    assert aged(tournament, range(10, 40), 0.1, 200) == []
    found = aged(tournament, range(40, 60), 2.5, 200)
    assert kinds(found) == ["start_challengers"]
    assert found[0].figures["auc"] < 0.95 * found[0].figures["best_auc"]
    asked = found[0].at_ms // DAY_MS - 1
    assert aged(tournament, range(60, asked + RULES.challengers_days), 2.5, 200) == []
    assert len(aged(tournament, [asked + RULES.challengers_days], 2.5, 200)) == 1


def test_few_examples_say_nothing_of_a_decline() -> None:
    tournament = Tournament(BASE, RULES)
    assert aged(tournament, range(10, 40), 0.1, 20) == []
    assert aged(tournament, range(40, 80), 2.5, 20) == []


def test_a_decline_is_not_read_from_the_few_examples_of_a_broken_pipe() -> None:
    tournament = Tournament(BASE, RULES)
    assert aged(tournament, range(10, 40), 0.1, 200) == []
    later = 40 + 12 * int(RULES.fading_days)
    assert aged(tournament, [later, later + 1], 9.0, 10) == []


def test_drift_asks_for_challengers_and_compares_anew() -> None:
    tournament = Tournament(BASE, RULES)
    play(tournament, range(10, 16))
    assert kinds(tournament.drifted("PSI of sessions_7d", 16 * DAY_MS)) == ["start_challengers"]
    assert tournament.drifted("PSI of sessions_7d", 17 * DAY_MS) == []
    tournament.end_of_day(17, AGES | {"fresh": 0})
    standings = tournament.standings()
    assert standings[GOOD].days == 0
    assert standings["fresh"].alpha == pytest.approx(0.045 / 3)


def test_while_pinned_nothing_moves_by_itself() -> None:
    tournament = Tournament(BASE, RULES)
    assert kinds(tournament.operator(Command(kind="pin"), 0)) == ["pin"]
    assert play(tournament, range(10, 60)) == []
    tournament.operator(Command(kind="unpin"), 60 * DAY_MS)
    assert kinds(play(tournament, [60])) == ["promote"]


def test_a_pinned_version_makes_its_contestant_champion_until_somebody_else_is() -> None:
    tournament = Tournament(BASE, RULES)
    play(tournament, [10])
    (pinned,) = tournament.operator(Command(kind="pin", name=GOOD, version="v1"), 11 * DAY_MS)
    assert (pinned.kind, pinned.champion, pinned.previous, pinned.version) == ("pin", GOOD, BASE, "v1")
    assert (pinned.share, tournament.predecessor, tournament.version) == (1.0, BASE, "v1")
    assert play(tournament, range(11, 40)) == []
    (again,) = tournament.operator(Command(kind="pin"), 40 * DAY_MS)
    assert (again.champion, again.version, again.previous) == (GOOD, None, None)
    tournament.operator(Command(kind="pin", name=GOOD, version="v2"), 40 * DAY_MS)
    (back,) = tournament.operator(Command(kind="roll_back"), 41 * DAY_MS)
    assert (back.champion, back.version, tournament.pinned) == (BASE, None, True)
    tournament.operator(Command(kind="pin", name=SAME, version="v3"), 42 * DAY_MS)
    (off,) = tournament.operator(Command(kind="unpin"), 43 * DAY_MS)
    assert (off.champion, off.version, tournament.pinned) == (SAME, None, False)


def test_pinning_who_is_rolled_out_serves_everybody() -> None:
    tournament, day = promoted()
    (pinned,) = tournament.operator(Command(kind="pin", name=GOOD), (day + 1) * DAY_MS)
    assert (pinned.champion, pinned.share, tournament.rollout) == (GOOD, 1.0, None)


def test_operators_promote_roll_back_and_veto() -> None:
    tournament = Tournament(BASE, RULES)
    play(tournament, [10])
    tournament.operator(Command(kind="veto", name=GOOD), 11 * DAY_MS)
    assert play(tournament, range(11, 40)) == []
    with pytest.raises(CommandError, match="lift the veto"):
        tournament.operator(Command(kind="promote", name=GOOD), 40 * DAY_MS)
    tournament.operator(Command(kind="lift_veto", name=GOOD), 40 * DAY_MS)
    found = tournament.operator(Command(kind="promote", name=SAME), 40 * DAY_MS)
    assert (found[0].by, found[0].share, tournament.champion) == ("operator", 1.0, SAME)
    assert tournament.rollout is None
    found = tournament.operator(Command(kind="roll_back"), 41 * DAY_MS)
    assert (kinds(found), tournament.champion, tournament.predecessor) == (["roll_back"], BASE, None)


def test_an_operator_ends_a_roll_out() -> None:
    tournament, day = promoted()
    assert tournament.rollout is not None
    found = tournament.operator(Command(kind="promote", name=GOOD), (day + 1) * DAY_MS)
    assert (kinds(found), found[0].share) == (["roll_out"], 1.0)
    assert tournament.rollout is None


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (Command(kind="promote", name="nobody"), "there are"),
        (Command(kind="promote"), "needs a contestant"),
        (Command(kind="promote", name=BASE), "champion already"),
        (Command(kind="veto", name=BASE), "is champion"),
        (Command(kind="lift_veto", name=GOOD), "not vetoed"),
        (Command(kind="roll_back"), "no predecessor"),
        (Command(kind="pin", name="nobody", version="v1"), "there are"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(command: Command, says: str) -> None:
    tournament = Tournament(BASE, RULES)
    play(tournament, [10])
    before = pickle.dumps(tournament)
    with pytest.raises(CommandError, match=says):
        tournament.operator(command, 11 * DAY_MS)
    assert pickle.dumps(tournament) == before


def test_days_go_forward_and_the_champion_stays_scored() -> None:
    tournament = Tournament(BASE, RULES)
    tournament.end_of_day(10, AGES)
    with pytest.raises(ValueError, match="ended already"):
        tournament.end_of_day(10, AGES)
    with pytest.raises(ValueError, match="go on being scored"):
        tournament.end_of_day(11, {GOOD: 1})
