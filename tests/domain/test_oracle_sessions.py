"""Sessions of small histories, and what is counted of them by day, week and month; see `docs/user-state.md`."""

import xxhash

from tests.domain.histories import DAY, HOUR, MINUTE, SECOND
from tests.domain.small_histories import DAY_SLOT, MONDAY, WEEK_SLOT, did, only, state, told


def test_a_session_counts_its_events_pages_and_seconds() -> None:
    now = state(
        told(
            did(0),
            did(10 * MINUTE, "feature_use", duration=90.4, feature="search", category="find"),
            did(20 * MINUTE, "session_end"),
        )
    )
    only(now, version=2, events=2, sessions=1, pages=1, seconds=1200, session_over=1, late=0, id_count=3)
    only(now, active_days=1, active_weeks=1, active_months=1, first_week_sessions=1, weekend_sessions=0)
    only(now, first_ms=MONDAY, last_ms=MONDAY + 20 * MINUTE, last_active_ms=MONDAY + 10 * MINUTE)
    only(now, first_session_ms=MONDAY, session_start_ms=MONDAY, session_end_s=1_704_068_400)
    only(now, day=19_723, week=2_818, gap_count=0, paid=0, platform=0)
    assert now["days"][DAY_SLOT] == [2, 1, 1, 1200]
    assert now["weeks"][WEEK_SLOT] == [2, 1, 1, 1, 1200, 0, 0, 0]
    assert sum(map(sum, now["days"])) == 2 + 1 + 1 + 1200


def test_only_a_silence_longer_than_the_gap_opens_a_session() -> None:
    now = state(told(did(999), did(30 * MINUTE + 999), did(60 * MINUTE + 1000), did(26 * HOUR)))
    # whole seconds: 3601 - 1800, then 93600 - 3601
    only(now, sessions=3, gap_count=2, last_gap_s=89_999, longest_gap_s=89_999, gap_sum_s=91_800)
    only(now, gap_square_s2=3_243_601 + 8_099_820_001)


def test_names_of_sessions_tell_interleaved_ones_apart() -> None:
    story = [
        did(0, session_id="a"),
        did(1 * MINUTE, session_id="b"),  # another name: a session
        did(2 * MINUTE, session_id="a"),  # the one before, and near
        did(3 * MINUTE),  # no name, near
        did(5 * HOUR, session_id="a"),  # the current name, however long it was silent
    ]
    a, b = (xxhash.xxh3_64_intdigest(name) for name in (b"a", b"b"))
    only(state(told(*story)), sessions=2, session=a, session_before=b)
    story.append(did(10 * HOUR, session_id="b"))  # the one before, but not near
    only(state(told(*story)), sessions=3, session=b, session_before=a)
    story.append(did(11 * HOUR))  # no name, not near
    only(state(told(*story)), sessions=4, session=0, session_before=b)
    story.append(did(11 * HOUR + 1, session_id="c"))  # a name for the nameless one
    only(state(told(*story)), sessions=4, session=xxhash.xxh3_64_intdigest(b"c"), session_before=0)


def test_session_start_opens_one_unless_it_has_the_current_name() -> None:
    again = [did(0, session_id="a"), did(1, "session_start", session_id="a")]
    only(state(told(*again)), sessions=1, events=2)
    only(state(told(*again, did(2, "session_start"))), sessions=2)
    only(
        state(told(*again, did(2, "session_start", session_id="b"), did(3, "session_start", session_id="a"))),
        sessions=3,
    )


def test_after_its_end_only_the_name_continues_a_session() -> None:
    ended = [did(0, session_id="a"), did(MINUTE, "session_end")]
    only(state(told(*ended, did(2 * MINUTE))), sessions=2, session_over=0)
    only(state(told(*ended, did(2 * MINUTE, session_id="a"))), sessions=1, session_over=0, seconds=120)
    only(state(told(*ended, did(2 * MINUTE, "session_end"))), seconds=60, session_over=1)


def test_an_end_that_is_neither_near_nor_named_is_nothing() -> None:
    only(state(told(did(0, session_id="a"), did(HOUR, "session_end"))), seconds=0, session_over=0)
    only(
        state(told(did(0, session_id="a"), did(HOUR, "session_end", session_id="a"))),
        seconds=3600,
        session_over=1,
    )
    only(state(told(did(0, "session_end"))), sessions=0, session_over=0, day=0)


def test_an_end_moves_the_rings_to_its_day() -> None:
    now = state(told(did(23 * HOUR + 50 * MINUTE), did(24 * HOUR + 5 * MINUTE, "session_end")))
    only(now, day=19_724, week=2_818, active_days=1)
    assert now["days"][DAY_SLOT] == [1, 1, 1, 0]
    assert now["days"][DAY_SLOT + 1] == [0, 0, 0, 900]


def test_duration_is_rounded_to_ms_and_never_counted_twice() -> None:
    now = state(told(did(500, duration=10.4996), did(5 * SECOND, duration=1), did(12 * SECOND)))
    only(now, seconds=12, session_end_s=1_704_067_212)
    only(state(told(did(500, duration=10.4994))), seconds=10)
    only(state(told(did(500, duration=10.5))), seconds=11)


def test_weekends_evenings_and_kinds_of_sessions() -> None:
    friday, saturday, sunday, monday = (4 * DAY, 5 * DAY, 6 * DAY, 7 * DAY)
    now = state(
        told(
            did(friday + 18 * HOUR - 1, session_type="tutorial"),
            did(saturday - 1, session_type="usage"),
            did(saturday + 18 * HOUR, session_type="support"),
            did(sunday, session_type="reading"),
            did(monday - HOUR, session_type=""),
            did(monday),
        )
    )
    only(now, sessions=6, weekend_sessions=3, evening_sessions=3, first_week_sessions=6, active_weeks=2)
    only(now, tutorial_sessions=1, usage_sessions=1, support_sessions=1, other_sessions=1)


def test_the_first_week_counts_from_the_signup() -> None:
    seen = [did(0), did(6 * DAY), did(8 * DAY)]
    only(state(told(*seen)), first_week_sessions=2)
    only(
        state(told(did(-DAY, "signup"), *seen, did(20 * DAY))), first_week_sessions=1, signup_ms=MONDAY - DAY
    )


def test_months_are_civil() -> None:
    now = state(told(did(-1), did(0), did(30 * DAY), did(30 * DAY + HOUR), did(31 * DAY)))
    only(now, active_months=3, active_days=4)
