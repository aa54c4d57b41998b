"""Contestants by name."""

from collections.abc import Sequence
from typing import Final

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.forest import Forest
from online_model.learners.ftrl import Ftrl
from online_model.learners.learner import Learner
from online_model.learners.logistic import Logistic
from online_model.learners.network import Network
from online_model.learners.own_rhythm import OwnRhythm
from online_model.learners.recency import Recency
from online_model.learners.recursive import Agile, Recursive

KINDS: Final = ("logistic", "ftrl", "recursive", "agile", "forest", "network", "own_rhythm")
LINEAR: Final = frozenset({"logistic", "ftrl", "recursive", "agile"})
"""Kinds whose scorers say what each feature contributes."""
REFERENCES: Final = ("recency",)
"""For comparison only."""


def make(kind: str, seed: int, horizon_ms: int, features: Sequence[Feature] = CATALOGUE) -> Learner:
    """A learner that has learned nothing.

    Args:
        kind: of `KINDS` or `REFERENCES`.
        seed: for the kinds that need chance; the same seed and examples give the same bits.
        horizon_ms: in which a loss is a loss.

    Raises:
        ValueError: there is no such kind.
    """
    match kind:
        case "logistic":
            return Logistic(features)
        case "ftrl":
            return Ftrl(features)
        case "recursive":
            return Recursive(features)
        case "agile":
            return Agile(features)
        case "forest":
            return Forest(features, seed)
        case "network":
            return Network(features, seed)
        case "own_rhythm":
            return OwnRhythm(horizon_ms, features)
        case "recency":
            return Recency(features)
    raise ValueError(f"no learner {kind!r}; there are {', '.join((*KINDS, *REFERENCES))}")
