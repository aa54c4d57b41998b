"""The same models, quality and ledger, however the topics were cut, and however often the trainer was killed."""

import pickle
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from domain.labels import Snapshots, encode
from online_model.learners.learner import MIN_LEARNED
from online_model.registry.errors import UnknownVersionError
from online_model.risk import Part, Risk
from online_model.tiers import Thresholds, TierShares
from online_model.tournament.decision import Command
from online_model.training.checkpoint import DamagedCheckpointError, OtherCheckpointError
from online_model.training.effects import Announce, Effect, LedgerDay, Refused
from online_model.training.merge import TOPICS
from online_model.training.orders import Order
from online_model.training.trainer import Trainer
from tests.online_model.training.histories import DAY_MS, History, blocks, history
from tests.online_model.training.trained import KEY, PARTITIONS, Outcome, fed, models_of, plan_of, state_of


@pytest.fixture(scope="module")
def h() -> History:
    return history(1, users=50, days=70)


@pytest.fixture(scope="module")
def in_one_go(h: History) -> Any:
    trainer, outcome = Trainer(plan_of(h), PARTITIONS), Outcome(h)
    fed(trainer, outcome, blocks(h, PARTITIONS, np.random.default_rng(0)), random.Random(0))
    assert trainer.training.counts["settled"] == len(h.users)
    assert trainer.training.counts["learned"] == int((h.treated == 0).sum())
    assert len(outcome.versions) > 3
    assert sum(len(pickle.loads(day)["user"]) for day in outcome.days.values()) == len(h.users)
    return state_of(trainer, outcome)


@pytest.mark.parametrize("seed", range(3))
def test_how_the_topics_are_cut_changes_nothing(h: History, in_one_go: Any, seed: int) -> None:
    topics = blocks(h, PARTITIONS, np.random.default_rng(seed + 1), most=10 * seed + 2)
    trainer, outcome = Trainer(plan_of(h), PARTITIONS), Outcome(h)
    fed(trainer, outcome, topics, random.Random(seed))
    trainer.merge.skipped = in_one_go[3]  # how many were repeated is another matter
    assert state_of(trainer, outcome) == in_one_go


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_it_comes_to_the_same(
    h: History, in_one_go: Any, seed: int, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    topics = blocks(h, PARTITIONS, np.random.default_rng(0))
    outcome, kills = Outcome(h), 0
    trainer = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY)
    at = {topic: trainer.resume(topic) for topic in TOPICS}
    while any(at[topic] < len(topics[topic]) for topic in TOPICS):
        topic = rng.choice(TOPICS)
        for block in topics[topic][at[topic] : at[topic] + rng.randrange(1, 12)]:
            trainer.add_record(topic, at[topic], encode(block))
            at[topic] += 1
        killed = False
        for effect in trainer.advance():
            if rng.random() < 0.02:  # in the midst of an hour
                killed = True
                break
            outcome.carry_out(effect)
        if not killed and rng.random() < 0.1:
            trainer.checkpoint()
        if killed or rng.random() < 0.05:
            trainer.close()
            kills += 1
            trainer = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY)
            at = {topic: trainer.resume(topic) for topic in TOPICS}
    assert kills > 1
    assert state_of(trainer, outcome) == in_one_go
    trainer.close()


def test_a_checkpoint_of_others_is_refused(h: History, tmp_path: Path) -> None:
    trainer = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY)
    trainer.checkpoint()
    trainer.close()
    with pytest.raises(OtherCheckpointError, match="other contestants, seed or settings"):
        Trainer(plan_of(h, ("logistic",)), PARTITIONS, tmp_path, KEY)
    with pytest.raises(DamagedCheckpointError, match="another key"):
        Trainer(plan_of(h), PARTITIONS, tmp_path, b"another key")
    path = tmp_path / "checkpoint"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedCheckpointError, match="train anew"):
        Trainer(plan_of(h), PARTITIONS, tmp_path, KEY)


def test_a_full_disk_leaves_the_former_checkpoint(h: History, tmp_path: Path) -> None:
    topics = blocks(h, PARTITIONS, np.random.default_rng(0))
    trainer, outcome = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY), Outcome(h)
    trainer.checkpoint()
    before = (tmp_path / "checkpoint").read_bytes()
    fed(trainer, outcome, topics, random.Random(0))
    (tmp_path / "checkpoint.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        trainer.checkpoint()
    assert (tmp_path / "checkpoint").read_bytes() == before
    (tmp_path / "checkpoint.new").unlink()
    trainer.checkpoint()
    trainer.close()
    again = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY)
    assert models_of(again) == models_of(trainer)
    again.close()


def test_predicts_with_what_was_due_before_the_hour(h: History) -> None:
    """A snapshot's prediction is that of a learner that was taught, by hand, what was due before its hour."""
    trainer, outcome = Trainer(plan_of(h), PARTITIONS), Outcome(h)
    fed(trainer, outcome, blocks(h, PARTITIONS, np.random.default_rng(0)), random.Random(0))
    fresh = Trainer(plan_of(h), PARTITIONS).training.lineup.learner("logistic")
    due_hours = (h.times + h.delay_ms) // 3_600_000
    said = {
        (user, int(time.timestamp() * 1000)): dict(predictions).get("logistic")
        for day in outcome.days.values()
        for table in [pickle.loads(day)]
        for user, time, predictions in zip(table["user"], table["time"], table["predictions"], strict=True)
    }
    taught = 0
    for row in range(len(h.users)):
        due = int(np.searchsorted(due_hours, h.times[row] // 3_600_000, "left"))
        some = np.arange(taught, due)[h.treated[taught:due] == 0]
        fresh.learn_many(h.features[some], h.lost[some], np.ones(len(some)))
        taught = due
        expected = fresh.predict_many(h.features[row : row + 1])[0] if fresh.learned >= MIN_LEARNED else None
        assert said[h.users[row], int(h.times[row])] == expected
    assert taught > 100


def test_orders_are_obeyed_at_their_moment(h: History) -> None:
    def trained(orders: list[tuple[int, Order]]) -> Outcome:
        trainer, outcome = Trainer(plan_of(h), PARTITIONS), Outcome(h)
        for effect in (e for n, order in orders if n == 0 for e in trainer.order(order)):
            outcome.carry_out(effect)
        fed(trainer, outcome, blocks(h, PARTITIONS, np.random.default_rng(0)), random.Random(0))
        for effect in (e for n, order in orders if n == 1 for e in trainer.order(order)):
            outcome.carry_out(effect)
        return outcome

    promote = Order(id="a", at_ms=h.end_ms - 20 * DAY_MS, command=Command(kind="promote", name="recursive"))
    outcome = trained([(0, promote)])
    assert "kind='promote'" in outcome.log[1]
    assert "operator" in outcome.log[1]
    after = [shares for at_ms, shares in outcome.announced if at_ms > promote.at_ms]
    assert after
    late = trained([(1, Order(id="b", at_ms=0, command=Command(kind="promote", name="nobody")))])
    assert "order='b'" in late.log[max(late.log)]
    assert "nobody" in late.log[max(late.log)]


def test_a_pinned_version_serves_as_it_was_until_it_is_let_go(h: History, tmp_path: Path) -> None:
    """Fed half of the history, an early version is pinned; after the other half the pin is taken off."""
    parts: dict[str, Part] = {}

    def load(version: str) -> Part:
        if version not in parts:
            raise UnknownVersionError(f"version {version}: not here")
        return parts[version]

    topics = blocks(h, PARTITIONS, np.random.default_rng(0))
    middle = (h.times[0] + h.end_ms) // 2
    halves = [
        {topic: [b for b in topics[topic] if (b.upto <= middle) == first] for topic in TOPICS}
        for first in (True, False)
    ]
    trainer, announced = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY, load), []
    settled: list[Any] = []

    def carry_out(effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Announce):
                announced.append(effect.parts)
                parts.update({part.version: part._replace(share=1.0) for part in effect.parts})
            elif isinstance(effect, LedgerDay):
                settled.extend(found for found, _ in effect.settled())

    def feed(number: int) -> None:
        for topic in TOPICS:
            start = len(halves[0][topic]) * number
            for offset, block in enumerate(halves[number][topic]):
                trainer.add_record(topic, start + offset, encode(block))
        carry_out(trainer.advance())

    feed(0)
    early = announced[0][0]
    refused = list(trainer.order(Order(id="a", at_ms=0, command=Command(kind="pin", version="nobody"))))
    assert [type(effect) for effect in refused] == [Refused]
    pin = Order(id="b", at_ms=0, command=Command(kind="pin", name="whoever", version=early.version))
    pinned_from = trainer.merge.done_ms
    carry_out(trainer.order(pin))
    assert [part.version for part in announced[-1]] == [early.version]
    before = len(announced)
    trainer.checkpoint()
    trainer.close()
    trainer = Trainer(plan_of(h), PARTITIONS, tmp_path, KEY, load)  # the pin is part of what it goes on from
    feed(1)
    assert len(announced) == before
    served = [found.snapshots for found in settled if found.snapshots.times[0] > pinned_from]
    assert served
    for snapshots in served:
        assert snapshots.versions == (early.version,)
        assert np.array_equal(snapshots.served, early.scorer.score(snapshots.features))
    carry_out(trainer.order(Order(id="c", at_ms=0, command=Command(kind="unpin"))))
    assert [part.contestant for part in announced[-1]] == [early.contestant]
    assert announced[-1][0].version != early.version
    trainer.close()


def test_tiers_begin_so_that_shares_of_the_users_are_in_them(tmp_path: Path) -> None:
    h = history(5, users=200, days=50)
    shares, settings = TierShares(medium=0.3, high=0.1), Thresholds(0.01, 0.02)
    topics = blocks(h, PARTITIONS, np.random.default_rng(0))
    announced: list[Announce] = []
    days: list[LedgerDay] = []

    def half(trainer: Trainer, first: bool) -> None:
        for topic in TOPICS:
            for offset, block in enumerate(topics[topic]):
                if (offset < len(topics[topic]) // 2) == first:
                    trainer.add_record(topic, offset, encode(block))
        for effect in trainer.advance():
            if isinstance(effect, Announce):
                announced.append(effect)
            elif isinstance(effect, LedgerDay):
                days.append(effect)
        trainer.checkpoint()
        trainer.close()

    half(Trainer(plan_of(h), PARTITIONS, tmp_path, KEY, tier_shares=shares), True)
    told = [effect.thresholds for effect in announced if effect.thresholds is not None]
    assert len(set(told)) > 2
    assert told[-1] == announced[-1].thresholds
    population = h.features[-300:]
    risk = Risk(announced[-1].parts, told[-1]).score(population, np.arange(300, dtype=np.uint64))
    assert np.mean(risk >= told[-1].high) == pytest.approx(0.1, abs=0.06)
    assert np.mean(risk >= told[-1].medium) == pytest.approx(0.4, abs=0.12)
    seen: set[tuple[Thresholds | None, int]] = set()
    for day in days:
        for settled, _ in day.settled():
            seen.add((settled.snapshots.thresholds, len(settled.snapshots)))
            limits = settled.snapshots.thresholds or settings
            table = day.table(h.delay_ms, settings).to_pydict()
            rows = {key: at for at, key in enumerate(zip(table["user"], table["served"], strict=True))}
            for user, risk_of_one in zip(
                settled.snapshots.users, settled.snapshots.served.tolist(), strict=True
            ):
                tier = int(risk_of_one >= limits.medium) + int(risk_of_one >= limits.high)
                assert table["tier"][rows[user, risk_of_one]] == ("low", "medium", "high")[tier]
    assert len({limits for limits, _ in seen}) > 2
    # another share, or none, takes effect at the next announcement; nothing is learned anew for it
    before = len(announced)
    half(Trainer(plan_of(h), PARTITIONS, tmp_path, KEY), False)
    assert len(announced) > before
    assert {effect.thresholds for effect in announced[before:]} == {None}


def test_strays_are_counted(h: History) -> None:
    topics = blocks(h, PARTITIONS, np.random.default_rng(0))
    some = next(b for b in topics["outcomes"] if len(b.users) > 2)
    known = {"snapshots": list(topics["snapshots"]), "outcomes": topics["outcomes"]}
    position = next(i for i, b in enumerate(known["snapshots"]) if b.partition == some.partition and b.users)
    gone = known["snapshots"][position]
    assert isinstance(gone, Snapshots)
    known["snapshots"][position] = msgspec.structs.replace(
        gone, users=[], times=gone.times[:0], features=gone.features[:0], treated=gone.treated[:0],
        holdout=gone.holdout[:0],
    )  # fmt: skip
    trainer, outcome = Trainer(plan_of(h), PARTITIONS), Outcome(h)
    fed(trainer, outcome, known, random.Random(0))
    missing = len(gone.users)
    repeated = any(
        b.users[:1] == gone.users[:1] and b.times[0] == gone.times[0]
        for i, b in enumerate(topics["snapshots"])
        if i != position and b.users
    )
    counts = trainer.training.counts
    assert counts["without_snapshot"] == (0 if repeated else missing)
    assert counts["settled"] == len(h.users) - counts["without_snapshot"]
