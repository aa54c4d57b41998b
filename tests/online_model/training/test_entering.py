"""Refitted models in the tournament: the same, whenever the trainer was killed, and when it learns anew."""

import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.labels import encode
from online_model.calibration.calibration import calibrated_name
from online_model.refitted.candidates import candidates, contestant, publish
from online_model.refitted.frozen import Frozen
from online_model.registry.errors import UnknownVersionError
from online_model.registry.registry import Registry
from online_model.tournament.decision import Command
from online_model.training.effects import Announce, Dated, Decided, Effect, Publish, Refused
from online_model.training.lineup import UnknownContestantError
from online_model.training.merge import TOPICS
from online_model.training.orders import Order, entry, unanswered
from online_model.training.publishing import CANDIDATE
from online_model.training.rebuild import from_ledger
from online_model.training.trainer import Trainer
from tests.online_model.refitted.models import knowing, record
from tests.online_model.training.histories import BEGIN_MS, DAY_MS, LINEAGE, History, blocks, history
from tests.online_model.training.trained import KEY, PARTITIONS, Outcome, fed, plan_of, state_of

KNOWN = BEGIN_MS + 20 * DAY_MS + 5
"""Due time of the last outcome that the model knows."""
TRUTH = knowing("days_since_last_session", 1 / 3, -2.0)
"""As `history` draws who is lost."""
Load = Callable[[str, int], Frozen]


class World:
    """The topic of commands, the candidates, and what has left a trainer."""

    def __init__(self, h: History, folder: Path) -> None:
        self.registry: Registry = candidates(str(folder), KEY)
        facts = plan_of(h).facts
        self.version = publish(self.registry, record(LINEAGE, facts, KNOWN), TRUTH)
        self.commands: list[Order] = []
        self.outcome = Outcome(h)
        self.effects: list[Effect] = []

    def load(self, version: str, at_ms: int) -> Frozen:
        return contestant(self.registry.load(version, LINEAGE), at_ms)

    def carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Dated):
            self.commands.append(effect.order)
        else:
            self.effects.append(effect)
            self.outcome.carry_out(effect)

    def catch_up(self, trainer: Trainer) -> None:
        """As the process does at its start."""
        for order in unanswered(self.commands[trainer.extra or 0 :]):
            self.give(trainer, order)
        trainer.extra = len(self.commands)

    def give(self, trainer: Trainer, order: Order) -> None:
        for effect in trainer.order(order):
            self.carry_out(effect)

    def refused(self) -> list[str]:
        return [effect.reason for effect in self.effects if isinstance(effect, Refused)]

    def decided(self, kind: str) -> list[Any]:
        return [e.decision for e in self.effects if isinstance(e, Decided) and e.decision.kind == kind]


@pytest.fixture(scope="module")
def h() -> History:
    return history(1, users=70, days=80)


def halves(h: History, middle: int) -> list[dict[str, list[Any]]]:
    topics = blocks(h, PARTITIONS, np.random.default_rng(0))
    return [
        {topic: [b for b in topics[topic] if (b.upto <= middle) == first] for topic in TOPICS}
        for first in (True, False)
    ]


def feed(trainer: Trainer, world: World, parts: list[dict[str, list[Any]]], number: int) -> None:
    """Up to the end of a half, from where the trainer stands."""
    for topic in TOPICS:
        records = [block for part in parts[: number + 1] for block in part[topic]]
        for offset in range(trainer.resume(topic), len(records)):
            trainer.add_record(topic, offset, encode(records[offset]))
    for effect in trainer.advance():
        world.carry_out(effect)


@pytest.fixture(scope="module")
def middle() -> int:
    return BEGIN_MS + 33 * DAY_MS


@pytest.fixture(scope="module")
def live(h: History, middle: int, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Any]:
    """The order comes in the midst of the history."""
    world = World(h, tmp_path_factory.mktemp("registry"))
    trainer = Trainer(plan_of(h), PARTITIONS, load_candidate=world.load)
    parts = halves(h, middle)
    feed(trainer, world, parts, 0)
    world.commands.append(entry(world.version))
    world.give(trainer, world.commands[0])
    feed(trainer, world, parts, 1)
    world.give(trainer, world.commands[1])  # its own answer, which it reads like other orders
    state = list(state_of(trainer, world.outcome))
    state[3] = None  # how many records were repeated is another matter
    return world, state


def test_it_is_scored_on_the_same_snapshots_from_a_midnight_on(
    h: History, live: tuple[World, Any], middle: int
) -> None:
    world, _ = live
    undated, dated = world.commands
    assert (undated.at_ms, dated.id) == (0, world.version)
    assert dated.at_ms % DAY_MS == 0
    assert middle - 10 * DAY_MS < dated.at_ms <= middle + DAY_MS
    (found,) = world.decided("enter")
    name = f"logistic~{np.datetime64(KNOWN, 'ms').astype('datetime64[D]')}"
    assert (found.other, found.by, found.at_ms, found.figures) == (
        name,
        "batch",
        dated.at_ms,
        {"test_log_loss": 0.5},
    )
    said = 0
    for day in world.outcome.days.values():
        table = pickle.loads(day)
        times = [int(time.timestamp() * 1000) for time in table["time"]]
        for user, time, predictions in zip(
            table["user"], times, map(dict, table["predictions"]), strict=True
        ):
            assert (name in predictions) == (time >= dated.at_ms)
            if name in predictions:
                (row,) = (r for r in np.flatnonzero(h.times == time) if h.users[r] == user)
                assert predictions[name] == TRUTH.score(h.features[row : row + 1])[0]
                assert calibrated_name(name) in predictions
                said += 1
    assert said > 100


def test_learned_anew_it_comes_to_the_same(h: History, live: tuple[World, Any]) -> None:
    before, expected = live
    world = World(h, Path(before.registry.storage.address).parent)
    world.commands = list(before.commands)
    trainer = Trainer(plan_of(h), PARTITIONS, load_candidate=world.load)
    world.catch_up(trainer)
    outcome = world.outcome
    fed(trainer, outcome, blocks(h, PARTITIONS, np.random.default_rng(3), most=17), random.Random(0))
    state = list(state_of(trainer, outcome))
    state[3] = None
    assert state == expected
    assert world.commands == before.commands  # no second moment was named


@pytest.mark.parametrize("kept_before", [True, False])
def test_killed_after_its_answer_it_comes_to_the_same(
    h: History, live: tuple[World, Any], middle: int, tmp_path: Path, kept_before: bool
) -> None:
    before, expected = live
    world, parts = World(h, Path(before.registry.storage.address).parent), halves(h, middle)
    trainer = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY, load_candidate=world.load)
    feed(trainer, world, parts, 0)
    if kept_before:
        trainer.checkpoint()
    world.commands.append(entry(world.version))
    world.give(trainer, world.commands[0])
    assert len(world.commands) == 2
    if not kept_before:
        trainer.extra = 1  # killed when it has not read its own answer
        trainer.checkpoint()
    trainer.close()
    trainer = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY, load_candidate=world.load)
    world.catch_up(trainer)
    feed(trainer, world, parts, 1)
    trainer.checkpoint()
    trainer.close()
    alone = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY)  # the checkpoint holds it: no registry is asked
    alone.close()
    state = list(state_of(alone, world.outcome))
    state[3] = None
    assert state == expected
    assert world.commands == before.commands


def test_without_the_candidate_a_rebuild_says_so(h: History, live: tuple[World, Any]) -> None:
    before, _ = live
    world = World(h, Path(before.registry.storage.address).parent)
    world.commands = list(before.commands)

    def gone(version: str, _at_ms: int) -> Frozen:
        raise UnknownVersionError(f"version {version}: not here")

    trainer = Trainer(plan_of(h), PARTITIONS, load_candidate=gone)
    world.catch_up(trainer)
    for part in (0, 1):
        feed(trainer, world, halves(h, BEGIN_MS + 33 * DAY_MS), part)
    assert world.refused() == [f"version {world.version}: not here"]
    assert not trainer.training.lineup.refitted()
    with pytest.raises(UnknownContestantError, match="had from the candidates"):
        from_ledger("logistic~2022-01-01", [], lambda *_: None, 1, 1)  # type: ignore[arg-type]


def test_an_order_without_sense_is_refused_at_once_and_one_in_advance_waits(
    h: History, tmp_path: Path
) -> None:
    world = World(h, tmp_path)
    trainer = Trainer(plan_of(h), PARTITIONS, load_candidate=world.load)
    world.give(trainer, entry("nonsense"))
    assert world.refused() == ["'nonsense' is no id of a candidate"]
    world.give(trainer, entry(world.version))
    (dated,) = world.commands
    assert dated.at_ms == BEGIN_MS + 21 * DAY_MS  # it must not be judged by what it has learned
    world.give(trainer, entry(world.version))
    assert world.commands == [dated]


def test_the_better_one_is_promoted_by_the_rule_of_all_and_can_be_rolled_back(tmp_path: Path) -> None:
    h = history(4, users=130, days=75)
    world = World(h, tmp_path)
    plan = plan_of(h, ("own_rhythm",))
    trainer = Trainer(plan, PARTITIONS, load_candidate=world.load)
    world.give(trainer, entry(world.version))
    for part in (0, 1):
        feed(trainer, world, halves(h, BEGIN_MS + 60 * DAY_MS), part)
    (promoted,) = world.decided("promote")
    name = promoted.champion
    assert (name[:9], promoted.by, promoted.previous) == ("logistic~", "evidence", "own_rhythm")
    assert promoted.evidence.ages[name] == 900
    assert promoted.evidence.other_log_loss < promoted.evidence.champion_log_loss
    assert world.decided("roll_out")
    served = [e for e in world.effects if isinstance(e, Publish) and e.training.name == name]
    assert len({e.version for e in served}) == len(served) <= 2  # again only if its calibration changes
    assert served[0].training.model_settings[CANDIDATE] == world.version
    assert served[0].training.last_snapshot_ms == KNOWN - 1_000_000
    last = [e for e in world.effects if isinstance(e, Announce)][-1]
    assert last.parts[0].contestant == name
    world.give(trainer, Order(id="back", at_ms=0, command=Command(kind="roll_back")))
    (back,) = world.decided("roll_back")
    assert back.champion == "own_rhythm"
    last = [e for e in world.effects if isinstance(e, Announce)][-1]
    assert [part.contestant for part in last.parts] == ["own_rhythm"]
