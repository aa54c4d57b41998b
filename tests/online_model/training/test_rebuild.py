"""What the ledger holds is enough to come to the same models."""

import random
from pathlib import Path

import numpy as np
import pytest

from online_model.learners.line_up import make
from online_model.ledger.ledger import Ledger
from online_model.tiers import Thresholds
from online_model.training.effects import LedgerDay, Publish
from online_model.training.rebuild import from_ledger
from online_model.training.trainer import Trainer
from tests.online_model.training.histories import LINEAGE, blocks, history
from tests.online_model.training.trained import PARTITIONS, Outcome, fed, plain_pickle, plan_of


class Keeping(Outcome):
    """Writes the ledger as the trainer's process does."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(H)
        self._ledger = ledger
        self.published: list[Publish] = []

    def carry_out(self, effect: object) -> None:
        if isinstance(effect, LedgerDay):
            self._ledger.write_day(effect.day, effect.table(H.delay_ms, Thresholds()))
        elif isinstance(effect, Publish):
            self.published.append(effect)


H = history(1, users=40, days=60)


@pytest.mark.parametrize("name", ["own_rhythm", "logistic", "recursive"])
def test_the_ledger_gives_the_same_learner(name: str, tmp_path: Path) -> None:
    plan, ledger = plan_of(H), Ledger(tmp_path, LINEAGE)
    trainer, keeping = Trainer(plan, PARTITIONS), Keeping(ledger)
    fed(trainer, keeping, blocks(H, PARTITIONS, np.random.default_rng(0)), random.Random(0))
    again = from_ledger(name, ledger.read_examples(), make, plan.seed, plan.facts.horizon_ms)
    assert plain_pickle(again) == plain_pickle(trainer.training.lineup.learner(name))
    version = keeping.published[-1]
    rebuilt = from_ledger(
        version.training.name, ledger.read_examples(), make, plan.seed, plan.facts.horizon_ms,
        version.training.examples,
    )  # fmt: skip
    scorer = rebuilt.scorer()
    assert scorer is not None
    for array, values in scorer.to_arrays().items():
        assert values.tobytes() == version.arrays[array].tobytes()
