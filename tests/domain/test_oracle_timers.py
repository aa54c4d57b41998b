"""Timers of small histories: weekly instants, the passage, visits; see `docs/user-state.md`."""

from domain.settings import FactSettings
from tests.domain.histories import DAY, HOUR
from tests.domain.small_histories import FIRST, MONDAY, WEEKLY, clock, did, only, state, told


def test_weekly_instants_come_from_the_hash_of_the_user() -> None:
    # ann's instants are Sundays at 8:43:30.888: the next ones after two Mondays
    assert told(did(0)).timers() == {"ann": MONDAY + 3 * DAY + WEEKLY}
    assert told(did(7 * DAY)).timers() == {"ann": MONDAY + 10 * DAY + WEEKLY}
    assert told(did(3 * DAY + WEEKLY)).timers() == {"ann": MONDAY + 10 * DAY + WEEKLY}
    assert told(clock(14 * DAY), did(13 * DAY)).timers() == {"ann": MONDAY + 17 * DAY + WEEKLY}
    soon = FactSettings(inactivity_ms=HOUR)
    assert told(did(0), facts=soon).timers() == {"ann": MONDAY + HOUR}


def test_a_mark_moves_timers_on_to_the_passage() -> None:
    visited = [did(0), clock(29 * DAY)]
    assert told(*visited).timers() == {"ann": MONDAY + 30 * DAY}
    assert told(*visited).at_risk() == {"ann"}
    gone = told(*visited, clock(30 * DAY))
    assert gone.timers() == {"ann": FIRST + 31 * DAY}  # when her first snapshot is due
    assert gone.at_risk() == set()
    only(state(gone), gone=1, gone_ms=MONDAY + 30 * DAY, day=0, week=2_818, id_count=1, events=1)
    assert not any(map(any, state(gone)["days"]))
    assert not any(state(gone)["ids"])
    assert gone.clock == MONDAY + 30 * DAY


def test_a_return_is_a_gap_and_a_new_session() -> None:
    back = told(did(0, session_id="a"), clock(39 * DAY), did(40 * DAY, session_id="a"))
    only(state(back), gone=0, gone_ms=MONDAY + 30 * DAY, returns=1, sessions=2, last_gap_s=3_456_000)
    only(state(back), day=19_763, active_days=2, id_count=2)
    assert [place for place, known in enumerate(state(back)["ids"]) if known] == [1]
    assert back.population() == (1, 3_456_000)
    assert back.at_risk() == {"ann"}


def test_a_gone_user_is_forgotten_only_when_a_repeat_would_be_too_late() -> None:
    renewed = [did(0), did(29 * DAY + HOUR, "renewal"), clock(30 * DAY), did(29 * DAY + HOUR, "renewal")]
    assert told(*renewed).outcomes == {("applied", ""): 2, ("duplicate", ""): 1, ("mark", ""): 1}
    without_marks = [did(0), did(31 * DAY, "renewal"), did(0)]
    assert told(*without_marks).outcomes == {("applied", ""): 2, ("duplicate", ""): 1}
    only(state(told(*renewed)), gone=1, day=19_723, id_count=2)


def test_no_sign_of_life_brings_back() -> None:
    partition = told(did(0), did(40 * DAY, "renewal"), did(40 * DAY, "refund", amount=1))
    only(state(partition), gone=1, renewals=1, refunds=1, returns=0, day=19_763, timer_ms=0)
    assert partition.timers() == {"ann": FIRST + 31 * DAY}  # when her first snapshot is due


def test_visits_bound_what_a_mark_fires() -> None:
    soon = FactSettings(inactivity_ms=HOUR)
    story = [did(2, user="cyd"), did(1, user="bob"), did(1, user="ann"), clock(2 * HOUR, visits=2)]
    partition = told(*story, facts=soon)
    assert partition.timers() == {"cyd": MONDAY + HOUR + 2}
    assert told(*story, clock(2 * HOUR, visits=5), facts=soon).timers() == partition.timers()
    assert told(*story, clock(2 * HOUR + 1, visits=1), facts=soon).timers() == {}


def test_a_visit_fires_a_timer_as_often_as_it_is_due() -> None:
    partition = told(did(0, user="bob"), did(1), clock(365 * DAY, visits=2))
    assert partition.timers() == {}
    assert partition.outcomes == {("applied", ""): 2, ("mark", ""): 1}
