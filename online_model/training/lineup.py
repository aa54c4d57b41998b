"""The contestants: who they are, what each says, and what each learns.

A contestant's name is its kind, with ``@`` and a date if it was started afresh, as ``logistic@2024-05-01``, and with
``~`` and a date if it is a refitted model (`online_model.refitted.frozen`), which learns nothing here.
The mean is a contestant that learns nothing: it says the plain mean of what its members say.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from domain.columns import hash_of
from domain.labels import Matrix
from online_model.learners.learner import MIN_LEARNED, Learner, Scorer, Vector
from online_model.learners.mean import Mean
from online_model.refitted.frozen import Frozen
from online_model.training.contestants import BASELINE, MEAN, MEMBERS

Make = Callable[[str, int, int], Learner]
"""From kind, seed and horizon (ms) to a learner: `online_model.learners.make`."""


class UnknownContestantError(ValueError):
    """A name that is no contestant's, or that cannot be one's."""


class Lineup:
    """Contestants by name, each with its learner. Picklable."""

    def __init__(self, names: Sequence[str], make: Make, seed: int, horizon_ms: int) -> None:
        """
        Args:
            names: of the contestants; members of the mean that are missing here take part for its sake.
            make: makes a learner.
            seed: with the contestant's name, of all its randomness.
            horizon_ms: ms.
        """
        self._make = make
        self._seed = seed
        self._horizon = horizon_ms
        self._learners: dict[str, Learner] = {}
        self._means: dict[str, tuple[str, ...]] = {}
        for name in names:
            self.start(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Contestants, those that learn first."""
        return (*self._learners, *self._means)

    def start(self, name: str) -> None:
        """Let a contestant take part from now on; one that does already goes on.

        Raises:
            UnknownContestantError: its kind is none of ours.
        """
        kind, at, stamp = name.partition("@")
        if kind == MEAN:
            members = tuple(f"{member}{at}{stamp}" for member in MEMBERS)
            for member in members:
                self.start(member)
            self._means.setdefault(name, members)
        elif name not in self._learners:
            try:
                made = self._make(kind, hash_of(f"{self._seed} {name}") >> 33, self._horizon)
            except (KeyError, ValueError) as fault:
                raise UnknownContestantError(f"there is no contestant {name!r}: {fault}") from fault
            self._learners[name] = made

    def enter(self, name: str, learner: Frozen) -> None:
        """Let a refitted model take part from now on.

        Raises:
            UnknownContestantError: one of that name does already.
        """
        if name in self._learners:
            raise UnknownContestantError(f"{name} takes part already")
        self._learners[name] = learner

    def refitted(self) -> dict[str, Frozen]:
        """The refitted models among the contestants, in the order in which they have entered."""
        return {name: learner for name, learner in self._learners.items() if isinstance(learner, Frozen)}

    def drop(self, name: str) -> None:
        """Leave a contestant out from now on; members of a mean stay as long as it does.

        Raises:
            UnknownContestantError: it does not take part.
        """
        if name in self._means:
            del self._means[name]
        elif name not in self._learners:
            raise UnknownContestantError(
                f"there is no contestant {name!r}; there are {', '.join(self.names)}"
            )
        elif not any(name in members for members in self._means.values()):
            del self._learners[name]

    def predict(self, x: Matrix) -> dict[str, Vector]:
        """What each contestant says, shape (n,) each; changes nothing.

        NaN where it has learned too little to say anything: a base rate told to everybody ranks nobody, and would be
        counted against it for as long as its predictions are remembered. The baseline needs no learning.
        """
        said = {
            name: learner.predict_many(x)
            if name == BASELINE or learner.learned >= MIN_LEARNED
            else np.full(len(x), np.nan)
            for name, learner in self._learners.items()
        }
        return said | {name: mean_of(said, members) for name, members in self._means.items()}

    def learn(self, x: Matrix, lost: npt.NDArray[np.bool_]) -> None:
        """Let each learn these examples, in their order, with weight 1."""
        weights = np.ones(len(x))
        for learner in self._learners.values():
            learner.learn_many(x, lost, weights)

    def learned(self) -> dict[str, int]:
        """Examples that each has learned; of a mean: the member that has learned least."""
        ages = {name: learner.learned for name, learner in self._learners.items()}
        return ages | {name: min(ages[m] for m in members) for name, members in self._means.items()}

    def sizes(self) -> dict[str, int]:
        """Bytes of memory that each learner takes."""
        return {name: learner.size_bytes() for name, learner in self._learners.items()}

    def learner(self, name: str) -> Learner:
        """The learner of a contestant; of a mean: a view of its members.

        Raises:
            UnknownContestantError: it does not take part.
        """
        if name in self._means:
            return Mean([self._learners[member] for member in self._means[name]])
        if name not in self._learners:
            raise UnknownContestantError(
                f"there is no contestant {name!r}; there are {', '.join(self.names)}"
            )
        return self._learners[name]

    def scorer(self, name: str) -> Scorer | None:
        """What would serve if the contestant did, as it stands now."""
        return self.learner(name).scorer()


def mean_of(said: Mapping[str, Vector], members: Sequence[str]) -> Vector:
    """Plain mean of what the members say."""
    total = said[members[0]].copy()
    for member in members[1:]:
        total += said[member]
    return total / len(members)
