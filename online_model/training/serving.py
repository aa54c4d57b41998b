"""Which version serves whom, and what it says: frozen models, while the contestants go on learning."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.labels import Matrix
from online_model.calibration.scorer import Line, calibrated
from online_model.learners.learner import NotAdditiveError, Scorer, Vector
from online_model.risk import Part, Risk
from online_model.tiers import Thresholds, TierShares, by_quantile
from online_model.training.pending import REASONS

NO_VERSION: Final = ""
"""Before anything is published, the champion itself speaks."""
TIER_POPULATION: Final = 100
"""Users at risk from whom on shares of them mean something."""


class Version(NamedTuple):
    """A published model."""

    id: str
    contestant: str
    model: Scorer
    """Says the probabilities,"""
    line: Line
    """which are calibrated by this."""
    background: Matrix

    @property
    def scorer(self) -> Scorer:
        """What serves."""
        return calibrated(self.model, self.line)


class Said(NamedTuple):
    """What was said to users, shape (n,) or (n, REASONS) each."""

    probabilities: Vector
    contestants: tuple[str, ...]
    """Who served."""
    versions: tuple[str, ...]
    """By which version, `NO_VERSION` for none."""
    which: npt.NDArray[np.uint8]
    """Which of them spoke to the user."""
    reason_features: npt.NDArray[np.int16]
    reason_weights: Matrix
    thresholds: Thresholds | None
    """Where the tiers began; None for where the settings say."""


class Serving:
    """The newer contestant for a share of the users, by hash, the older for the others. Picklable."""

    def __init__(self, champion: str) -> None:
        self._versions: dict[str, Version] = {}
        self.shares: dict[str, float] = {champion: 1.0}
        """Share of the users that each contestant serves, the newer first."""
        self.held: Part | None = None
        """The version that serves everybody while it is pinned."""
        self.thresholds: Thresholds | None = None
        """Where the tiers begin; None for where the settings say."""
        self._risk = Risk()

    def roll_out(self, shares: Mapping[str, float]) -> None:
        """From now on these serve, the newer first; the shares add up to 1."""
        self.shares, self.held = dict(shares), None
        self._versions = {name: v for name, v in self._versions.items() if name in shares}
        self._risk = Risk(self._parts())

    def swap(self, version: Version) -> None:
        """Let a version serve in place of the one of the same contestant."""
        self._versions[version.contestant] = version
        self._risk = Risk(self._parts())

    def version(self, contestant: str) -> Version | None:
        """By which a contestant serves; None if it does not."""
        return self._versions.get(contestant)

    def hold(self, part: Part) -> None:
        """From now on this version serves everybody, until others are rolled out."""
        self.held, self.shares, self._versions = part, {part.contestant: 1.0}, {}
        self._risk = Risk([part])

    def announced(self) -> tuple[Part, ...]:
        """What serves, none as long as one of those who should has no version."""
        return self._risk.parts

    def say(self, x: Matrix, hashes: npt.NDArray[np.uint64], said: Mapping[str, Vector]) -> Said:
        """What is served to users.

        Args:
            hashes: of the users.
            said: by the contestants as they are now; the newer one's stands in while nothing is published.
        """
        features, weights = np.full((len(x), REASONS), -1, np.int16), np.zeros((len(x), REASONS))
        parts = self._risk.parts
        if not parts:
            champion = next(iter(self.shares))
            which = np.zeros(len(x), np.uint8)
            return Said(said[champion].copy(), (champion,), (NO_VERSION,), which, features, weights, None)
        which = self._risk.serving(hashes).astype(np.uint8)
        for number, part in enumerate(parts):
            rows = np.flatnonzero(which == number)
            if len(rows):
                features[rows], weights[rows] = top_reasons(part.scorer, x[rows])
        contestants = tuple(part.contestant for part in parts)
        versions = tuple(part.version for part in parts)
        risk = self._risk.score(x, hashes)
        return Said(risk, contestants, versions, which, features, weights, self.thresholds)

    def tell_tiers(self, shares: TierShares | None, population: Matrix) -> None:
        """Let the tiers begin so that about such shares of a population are in them, by what serves.

        Args:
            shares: None for where the settings say.
            population: features of some of the users at risk; too few of them change nothing.
        """
        if shares is None:
            self.thresholds = None
        elif len(population) >= TIER_POPULATION and self._risk.parts:
            somebody = np.arange(
                len(population), dtype=np.uint64
            )  # each is served by a version, as users are
            self.thresholds = by_quantile(self._risk.score(population, somebody), shares)

    def _parts(self) -> list[Part]:
        if not all(name in self._versions for name in self.shares):
            return []
        found = [(self._versions[name], share) for name, share in self.shares.items()]
        return [Part(v.id, v.contestant, v.scorer, share, v.background) for v, share in found]


def top_reasons(scorer: Scorer, x: Matrix) -> tuple[npt.NDArray[np.int16], Matrix]:
    """Features that move the log-odds most, heaviest first, and by how much; −1 and 0 where nobody can say.

    Returns:
        Catalogue indices and contributions, shape (n, REASONS) each.
    """
    try:
        contributions, _ = scorer.contributions(x)
    except NotAdditiveError:
        return np.full((len(x), REASONS), -1, np.int16), np.zeros((len(x), REASONS))
    order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :REASONS]
    weights = np.take_along_axis(contributions, order, axis=1)
    return np.where(weights == 0, -1, order).astype(np.int16), weights
