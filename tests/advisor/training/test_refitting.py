"""Batch learners know what had come due when they entered, and no more; they are scored from then on."""

from pathlib import Path

import numpy as np
import pytest

from advisor.intake.events import canonical
from advisor.intake.mapping import as_proposed
from advisor.intake.reading import read
from advisor.training import refitting as of_learners
from advisor.training.refitting import AT, Refitting
from advisor.training.replayed import Replayed, replayed
from domain.calendar import DAY_MS
from ebbwatch.settings import Settings
from online_model.refitted.frozen import is_refitted, kind_of
from online_model.registry.errors import MismatchError
from tests.advisor.training.files import shop

KINDS = ("logistic", "lightgbm")
FACTS = Settings().model_copy(update={"horizon_days": 10, "inactivity_days": 20}).facts()


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("refitting")
    (made / "shop.csv").write_text(shop(1))
    found = read(made / "shop.csv", made / "rows.parquet")
    canonical(made / "rows.parquet", found, as_proposed(found), made)
    return made / "events.parquet"


@pytest.fixture(scope="module")
def past(events: Path) -> Replayed:
    told: list[str] = []
    found = replayed(events, FACTS, ("ftrl",), 3, KINDS, lambda what, _share: told.append(what))
    assert {what for what in told if what.startswith("fitting")} == {f"fitting {kind}" for kind in KINDS}
    return found


def test_they_take_part_from_their_midnight_on(past: Replayed) -> None:
    examples, lineup = past.watched.examples, past.watched.trainer.training.lineup
    names = [name for name in examples.scored.predictions if is_refitted(name)]
    assert {kind_of(name) for name in names} == set(KINDS)
    there = {name: learner for name, learner in lineup.refitted().items() if name in names}
    assert there
    for name, learner in there.items():
        said = examples.scored.predictions[name]
        rows = np.isfinite(said)
        assert rows.any()
        assert learner.training.last_due_ms < learner.entered_ms <= examples.times[rows].min()
        assert rows[examples.times >= learner.entered_ms].all()
        assert said[rows] == pytest.approx(learner.scorer().score(examples.features[rows]), abs=1e-12)
        assert learner.entered_ms % DAY_MS == 0
        share = (learner.entered_ms - past.first_ms) / (past.last_ms - past.first_ms)
        assert min(abs(share - at) for at in AT) < 0.05


def test_decisions_tell_of_them_and_the_others_are_as_without(past: Replayed, events: Path) -> None:
    entered = [d.decision for d in past.watched.decisions if d.decision.kind == "enter"]
    assert len(entered) >= len(KINDS)
    without = replayed(events, FACTS, ("ftrl",), 3)
    assert not [name for name in without.watched.examples.scored.predictions if is_refitted(name)]
    for name in ("ftrl", "own_rhythm"):
        mine, theirs = (r.watched.examples.scored.predictions[name] for r in (past, without))
        assert np.array_equal(mine, theirs, equal_nan=True)


@pytest.mark.parametrize("most", [3, 7, 10_000])
def test_of_many_examples_an_even_part_is_learned(
    past: Replayed, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Every so many-th, in the order of time and user."""
    monkeypatch.setattr(of_learners, "MOST", most)
    examples = past.watched.examples
    count = len(examples.users)
    in_time = sorted(range(count), key=lambda row: (examples.times[row], examples.users[row]))
    wanted = in_time[:: max(1, -(-count // most))]
    found = of_learners.in_time(examples, 5)
    assert found.size == len(wanted) <= most
    assert found.times.tolist() == examples.times[wanted].tolist()
    assert (found.dues - found.times == 5).all()
    assert found.lost.tolist() == examples.scored.lost[wanted].tolist()
    assert np.array_equal(found.features, examples.features[wanted], equal_nan=True)


def test_one_that_knows_too_much_is_refused(past: Replayed) -> None:
    learner = next(iter(past.watched.trainer.training.lineup.refitted().values()))
    refitting = Refitting(KINDS, FACTS, 3)
    refitting.held["v"] = (learner.scorer(), learner.training)
    assert refitting.load("v", learner.entered_ms).training == learner.training
    with pytest.raises(MismatchError, match="after the time of its entry"):
        refitting.load("v", learner.training.last_due_ms)
