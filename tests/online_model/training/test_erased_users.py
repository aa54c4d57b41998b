"""Snapshots of users who were erased wait for no outcome: their hour passes, and nobody waits for them."""

import pickle
import random

import msgspec
import numpy as np

from domain.labels import Outcomes, Snapshots
from online_model.training.trainer import Trainer
from tests.online_model.training.histories import Topics, blocks, history
from tests.online_model.training.trained import PARTITIONS, Outcome, fed, plan_of

ERASED = {"u3", "u17"}


def without(block: Snapshots | Outcomes) -> Snapshots | Outcomes:
    """A block of outcomes without those of users who were erased."""
    if isinstance(block, Snapshots):
        return block
    rows = np.array([user not in ERASED for user in block.users], np.bool_)
    columns = {
        name: getattr(block, name)[rows] for name in ("times", "lost", "causes", "returned", "cancelled")
    }
    return msgspec.structs.replace(
        block, users=[u for u in block.users if u not in ERASED], treated=block.treated[rows], **columns
    )


def test_a_snapshot_without_an_outcome_is_counted_and_let_go() -> None:
    h = history(1, users=50, days=70)
    topics: Topics = {
        topic: [without(block) for block in some]
        for topic, some in blocks(h, PARTITIONS, np.random.default_rng(0)).items()
    }
    trainer, outcome = Trainer(plan_of(h), PARTITIONS), Outcome(h)
    fed(trainer, outcome, topics, random.Random(0))
    counts, gone = trainer.training.counts, sum(user in ERASED for user in h.users)
    assert gone > 10
    assert counts["predicted"] == len(h.users)
    assert (counts["settled"], counts["without_outcome"]) == (len(h.users) - gone, gone)
    assert trainer.training.waiting == 0
    written = {user for day in outcome.days.values() for user in pickle.loads(day)["user"]}
    assert written == set(h.users) - ERASED
