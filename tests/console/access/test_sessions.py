"""Sessions end when they should, and no number leads to one that has."""

from console.access.sessions import Session, Sessions


def session(now: float = 0.0) -> Session:
    return Session("the key", "founder", frozenset({"read"}), now)


def test_a_session_is_found_by_its_number_alone() -> None:
    sessions = Sessions(60)
    made = session()
    id_ = sessions.begin(made)
    assert len(id_) >= 43
    assert sessions.find(id_, 1) is made
    assert sessions.find(id_[:-1], 1) is None
    assert sessions.find("", 1) is None
    assert sessions.find(None, 1) is None


def test_an_idle_session_is_over_and_looking_for_it_is_no_sign_of_life() -> None:
    sessions = Sessions(60)
    made = session()
    id_ = sessions.begin(made)
    assert sessions.find(id_, 59) is made
    assert sessions.find(id_, 60) is None
    assert made.over
    assert sessions.find(id_, 1) is None, "it does not come back"


def test_a_sign_of_the_visitor_keeps_it() -> None:
    sessions = Sessions(60)
    made = session()
    id_ = sessions.begin(made)
    made.seen = 50
    assert sessions.find(id_, 109) is made


def test_who_signs_out_is_out_in_all_tabs() -> None:
    sessions = Sessions(60)
    made = session()
    id_ = sessions.begin(made)
    sessions.end(id_)
    assert not sessions.holds(made, 1)
    assert sessions.find(id_, 1) is None


def test_the_one_that_was_idle_longest_makes_room() -> None:
    sessions = Sessions(1e9)
    kept = [(sessions.begin(one), one) for one in (session(float(number)) for number in range(1000))]
    sessions.begin(session(2000.0))
    assert sessions.find(kept[0][0], 2001) is None
    assert sessions.find(kept[1][0], 2001) is kept[1][1]


def test_scopes() -> None:
    assert session().may("read")
    assert not session().may("admin")


def test_those_that_are_over_are_not_counted() -> None:
    sessions = Sessions(60)
    for now in (0.0, 50.0):
        sessions.begin(session(now))
    assert [sessions.number(now) for now in (55, 100, 200)] == [2, 1, 0]
