"""Trainers that are fed a history, and what has left them."""

import io
import pickle
import random
from typing import Any

import msgspec

from domain.labels import encode
from domain.settings import FactSettings
from online_model.tiers import Thresholds
from online_model.training.contestants import LINEAR
from online_model.training.effects import Announce, Decided, Effect, LedgerDay, Publish, Refused
from online_model.training.merge import TOPICS
from online_model.training.trainer import Trainer
from online_model.training.training import Plan
from tests.online_model.training.histories import DAY_MS, LINEAGE, History, Topics

PARTITIONS = 3
KEY = b"a key of the tests"


def plan_of(h: History, contestants: tuple[str, ...] = LINEAR, **other: Any) -> Plan:
    facts = FactSettings(horizon_ms=h.delay_ms - DAY_MS, allowed_lateness_ms=DAY_MS)
    settings = {"publish_examples": 80} | other
    return Plan(lineage=LINEAGE, facts=facts, contestants=contestants, seed=1, **settings)


class Outcome:
    """What has left a trainer, as the world outside keeps it: by id, so that a repeat changes nothing."""

    def __init__(self, h: History) -> None:
        self._delay = h.delay_ms
        self.days: dict[int, bytes] = {}
        self.versions: dict[str, bytes] = {}
        self.log: dict[int, str] = {}
        self.announced: list[tuple[int, list[tuple[str, float]]]] = []

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case LedgerDay():
                table = effect.table(self._delay, Thresholds())
                self.days[effect.day] = pickle.dumps(table.combine_chunks().to_pydict())
            case Publish():
                arrays = {name: (a.dtype.str, a.tobytes()) for name, a in sorted(effect.arrays.items())}
                self.versions[effect.version] = pickle.dumps(arrays)
            case Decided() | Refused():
                self.log[effect.number] = repr(effect)
            case Announce():
                said = (effect.at_ms, [(part.version, part.share) for part in effect.parts])
                if said not in self.announced:
                    self.announced.append(said)


def models_of(trainer: Trainer) -> dict[str, bytes]:
    """Bytes of the learners."""
    lineup = trainer.training.lineup
    return {name: plain_pickle(lineup.learner(name)) for name in lineup.names}


def plain_pickle(value: Any) -> bytes:
    """A pickle that does not say which of its parts are one and the same object: reading one back changes that."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    pickler.fast = True
    pickler.dump(value)
    return file.getvalue()


def state_of(trainer: Trainer, outcome: Outcome) -> Any:
    quality = {
        n: msgspec.json.encode(trainer.training.quality.report(n)) for n in trainer.training.lineup.names
    }
    return (
        models_of(trainer), quality, trainer.training.counts, trainer.merge.skipped, trainer.training.waiting,
        outcome.days, outcome.versions, outcome.log, outcome.announced,
    )  # fmt: skip


def fed(trainer: Trainer, outcome: Outcome, topics: Topics, rng: random.Random) -> None:
    """All of it, in random turns of the two topics."""
    at = dict.fromkeys(TOPICS, 0)
    while any(at[topic] < len(topics[topic]) for topic in TOPICS):
        topic = rng.choice(TOPICS)
        for block in topics[topic][at[topic] : at[topic] + rng.randrange(1, 40)]:
            trainer.add_record(topic, at[topic], encode(block))
            at[topic] += 1
        for effect in trainer.advance():
            outcome.carry_out(effect)
