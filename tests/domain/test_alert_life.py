"""Lives of alerts: repeats and latecomers change nothing, and all that people did is kept."""

from random import Random

from domain.alert_life import AlertState, entry, stepped
from domain.control import FeedEntry, Step
from tests.domain.alert_samples import NOW, step

BODY = {"tier": "high", "rank": 7.0, "expires": NOW + 1000, "time": NOW}


def told(steps: list[Step]) -> tuple[AlertState | None, list[FeedEntry]]:
    """What the steps make of one alert, and what readers hear of it."""
    state: AlertState | None = None
    heard = []
    for number, one in enumerate(steps):
        after = stepped(state, one)
        if after is not None and after is not state:
            found = entry(state, after, one, number)
            heard += [] if found is None else [found]
        state = after
    return state, heard


RAISED = step("raised", body=BODY)
RELEASED = step("released", body={"why": "so", "tier": "high"})
LIFE = [
    RAISED,
    RELEASED,
    step("acknowledged", id="1"),
    step("assigned", id="2", owner="Kim"),
    step("snoozed", id="3", until=NOW + 5),
    step("returned", id="4", at=NOW + 5),
    step("resolved", body={"risk": 0.1, "tier": "low"}),
]


def test_a_whole_life_is_kept_and_told() -> None:
    state, heard = told(LIFE)
    assert state is not None
    assert (state.state, state.owner, [s.what for s in state.steps]) == (
        "resolved", "Kim", [s.what for s in LIFE],
    )  # fmt: skip
    assert [(e.event, e.number) for e in heard] == [
        ("alert.raised", 1), ("alert.returned", 5), ("alert.resolved", 6),
    ]  # fmt: skip
    assert heard[0].body == {"why": "so", "tier": "high", "state": "open", "owner": ""}
    assert heard[2].body == {"why": "so", "tier": "low", "state": "resolved", "owner": "Kim", "risk": 0.1}


def test_repeats_anywhere_behind_the_first_change_nothing() -> None:
    random = Random(3)
    plain, heard = told(LIFE)
    for _ in range(200):
        steps = list(LIFE)
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(steps))
            steps.insert(random.randrange(at + 1, len(steps) + 1), steps[at])
        state, again = told(steps)
        assert state == plain
        assert [(e.event, e.body) for e in again] == [(e.event, e.body) for e in heard]


def test_the_first_outcome_of_triage_wins() -> None:
    suppressed = step("suppressed", reason="contacted")
    state, heard = told([RAISED, suppressed, RELEASED])
    assert state is not None
    assert (state.state, state.reason, heard) == ("suppressed", "contacted", [])
    state, heard = told([RAISED, RELEASED, suppressed])
    assert state is not None
    assert (state.state, state.reason, len(heard)) == ("open", "", 1)


def test_what_was_never_handed_out_is_resolved_silently() -> None:
    state, heard = told([RAISED, step("resolved", body={"risk": 0.1, "tier": "low"})])
    assert state is not None
    assert (state.state, heard) == ("resolved", [])


def test_who_has_taken_an_alert_up_keeps_it_from_lapsing() -> None:
    state, _ = told([RAISED, RELEASED, step("assigned", id="2", owner="Kim"), step("expired")])
    assert state is not None
    assert state.state == "open"
    state, _ = told([RAISED, RELEASED, step("expired")])
    assert state is not None
    assert state.state == "expired"


def test_a_snooze_ends_no_sooner_than_it_should() -> None:
    life = [*LIFE[:5], step("returned", id="4", at=NOW + 4)]
    state, _ = told(life)
    assert state is not None
    assert state.state == "snoozed"


def test_steps_of_an_alert_that_was_taken_away_make_none() -> None:
    assert told([RELEASED, step("acknowledged")]) == (None, [])
