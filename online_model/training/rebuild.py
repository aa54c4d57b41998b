"""A contestant learned again from the ledger, to the bit as it was learned from the topics."""

from collections.abc import Iterable

import numpy as np

from online_model.learners.learner import Learner
from online_model.ledger.ledger import Examples
from online_model.refitted.frozen import is_refitted
from online_model.training.lineup import Lineup, Make, UnknownContestantError


def from_ledger(
    name: str, examples: Iterable[Examples], make: Make, seed: int, horizon_ms: int, most: int | None = None
) -> Learner:
    """The learner of a contestant; one that was started afresh learns from the date in its name on.

    Args:
        examples: day by day (`Ledger.read_examples`), from the first.
        make: as in training, like `seed` and `horizon_ms`.
        most: examples to learn; None for all. A version says in its manifest how many it had learned.

    Raises:
        UnknownContestantError: there is none of that name, or it is a refitted model: the candidates have that.
    """
    if is_refitted(name):
        raise UnknownContestantError(f"{name} was refitted by a batch job: it is had from the candidates")
    lineup = Lineup([name], make, seed, horizon_ms)
    begun = name.partition("@")[2]
    first = int(np.datetime64(begun, "D").astype(np.int64)) if begun else None
    left = most
    for day in examples:
        if first is not None and day.day < first:
            continue
        untreated = np.flatnonzero(day.weights > 0)[:left]
        lineup.learn(day.features[untreated], day.lost[untreated])
        if left is not None:
            left -= len(untreated)
            if not left:
                break
    return lineup.learner(name)
