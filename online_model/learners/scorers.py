"""Scorers from the arrays that they were stored as; nothing is unpickled to serve."""

from collections.abc import Callable
from typing import Final

from online_model.learners.forest_scorer import ForestScorer
from online_model.learners.ftrl import BinnedScorer
from online_model.learners.learner import Arrays, Scorer
from online_model.learners.linear import LinearScorer
from online_model.learners.mean import MeanScorer
from online_model.learners.network import NetworkScorer
from online_model.learners.own_rhythm import OwnRhythmScorer
from online_model.learners.wide import WideScorer
from online_model.refitted.scorer import RefittedScorer

_SINGLE: Final[dict[str, Callable[[Arrays], Scorer]]] = {
    LinearScorer.kind: LinearScorer,
    WideScorer.kind: WideScorer,
    BinnedScorer.kind: BinnedScorer,
    ForestScorer.kind: ForestScorer,
    NetworkScorer.kind: NetworkScorer,
    OwnRhythmScorer.kind: OwnRhythmScorer,
    RefittedScorer.kind: RefittedScorer,
}


def from_arrays(kind: str, arrays: Arrays) -> Scorer:
    """The scorer of `Scorer.kind` whose `to_arrays` these are.

    Raises:
        ValueError: there is no such kind, or an array is missing.
    """
    try:
        if kind == MeanScorer.kind:
            return MeanScorer([
                from_arrays(member, _of(f"{i}/", arrays)) for i, member in enumerate(arrays["members"].tolist())
            ])  # fmt: skip
        if kind not in _SINGLE:
            known = ", ".join([*_SINGLE, MeanScorer.kind])
            raise ValueError(f"no scorer of kind {kind!r}; known are {known}")
        return _SINGLE[kind](arrays)
    except KeyError as missing:
        raise ValueError(f"a scorer of kind {kind!r} lacks the array {missing}") from missing


def _of(prefix: str, arrays: Arrays) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
