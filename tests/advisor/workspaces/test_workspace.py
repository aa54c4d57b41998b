"""What may come next, against the obvious table; what cannot be is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.insights.campaigns import Offer
from advisor.intake.canonical import Canonical
from advisor.intake.described import Described
from advisor.training.reached import Reached, Way
from advisor.workspaces.workspace import STATES, TO_DO, Learn, State, StateError, Workspace, kept, moved
from domain.calendar import DAY_MS
from domain.settings import FactSettings

MAY = {
    ("uploaded", "read"), ("uploaded", "failed"), ("read", "mapping"), ("mapping", "mapped"), ("mapping", "failed"),
    ("mapped", "mapping"), ("mapped", "training"), ("training", "trained"), ("training", "failed"),
    ("training", "mapped"), ("trained", "mapping"), ("trained", "training"), ("failed", "mapping"),
    ("failed", "training"),
}  # fmt: skip
DESCRIBED = Described(format="csv", rows=1, columns=())
TOLD = Canonical(rows=1, events=1, customers=1, first_ms=1, last_ms=1, refunds=0, rejected={})


def at(state: State, *, described: bool = True, told: bool = True) -> Workspace:
    return Workspace(
        id="a" * 26, name="file", owner="key", created_ms=1, expires_ms=2, size=3, state=state, error="why",
        described=DESCRIBED if described else None, told=TOLD if told else None,
    )  # fmt: skip


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_every_pair_of_states(before: State, after: State) -> None:
    if (before, after) in MAY:
        found = moved(at(before), after, size=4)
        assert (found.state, found.error, found.size) == (after, "", 4)
    else:
        with pytest.raises(StateError, match=before):
            moved(at(before), after)


@given(st.lists(st.sampled_from(STATES)))
def test_nothing_is_trained_on_that_was_not_mapped(path: list[State]) -> None:
    now = at("uploaded", described=False, told=False)
    for state in path:
        known = {"described": DESCRIBED} if state == "read" else {"told": TOLD} if state == "mapped" else {}
        try:
            now = moved(now, state, **known)
        except StateError:
            continue
        assert now.told is not None or now.state not in ("training", "trained")
        assert now.described is not None or now.state in ("uploaded", "failed")


def test_a_file_that_was_refused_cannot_be_trained_on() -> None:
    for state, lacking in (("mapping", "described"), ("training", "told")):
        with pytest.raises(StateError, match="failed"):
            moved(at("failed", **{lacking: False}), state)  # type: ignore[arg-type]
    assert set(TO_DO) < set(STATES)


@pytest.mark.parametrize("days", [0, 181])
def test_days_have_bounds(days: int) -> None:
    with pytest.raises(ValueError, match="horizon_days"):
        Learn(inactivity_days=40, horizon_days=days, offer=Offer())


def test_a_training_goes_on_from_one_like_it() -> None:
    learn = Learn(inactivity_days=40, horizon_days=20, seed=3)
    facts = FactSettings(inactivity_ms=40 * DAY_MS, horizon_ms=20 * DAY_MS)
    way = Way(facts=facts, contestants=(), learners=(), seed=3, lineage="")
    found, workspace = Reached(way=way, share=0.4), msgspec.structs.replace(at("mapped"), learn=learn)
    assert kept(workspace, found) == 0.4
    assert kept(workspace, None) is None
    assert kept(at("mapped"), found) is None
    assert kept(msgspec.structs.replace(workspace, state="training"), found) is None
    for other in ({"inactivity_days": 41}, {"horizon_days": 21}, {"seed": 4}):
        assert (
            kept(msgspec.structs.replace(workspace, learn=msgspec.structs.replace(learn, **other)), found)
            is None
        )
