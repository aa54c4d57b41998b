"""How good the contestants are of late: kept by the trainer, example by example."""

from typing import Final

import msgspec
import numpy as np

from online_model.quality.metrics import CONTACT, Metrics, metrics
from online_model.quality.report import TIERS, Judgement, judge
from online_model.quality.scored import Scored, Vector
from online_model.quality.slices import ALL, slices
from online_model.quality.untreated import Untreated
from online_model.quality.window import Window
from online_model.thresholds import Contact
from online_model.tiers import Thresholds

REMEMBERED: Final = 20_000
HALF_LIFE: Final = 5_000


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """For people and for JSON."""

    settled: int
    """Examples that counted so far: those of users who were not treated."""
    remembered: int
    """The last of them, which the rolling figures are about."""
    half_life: int
    """Examples after which one counts half in the fading figures."""
    treated: int
    """Examples left out."""
    holdout_share: float | None
    """Of the holdout among the assigned."""
    contestants: dict[str, Judgement]


class Quality:
    """Rolling and fading quality of every contestant.

    Rolling is the last `remembered` examples alike; fading is the same examples, each counting half as much as one
    that came `half_life` later. The state is bounded, can be pickled, and is the same however examples are cut into
    runs.
    """

    def __init__(self, remembered: int = REMEMBERED, half_life: int = HALF_LIFE) -> None:
        """Begin with nothing.

        Raises:
            ValueError: no example is to be remembered, or they fade at once.
        """
        if half_life < 1:
            raise ValueError(f"a half-life of {half_life} examples: it must be at least one")
        self.half_life = half_life
        self._untreated = Untreated()
        self._window = Window(remembered)

    def add(self, scored: Scored) -> None:
        """Remember the next settled examples; those of treated users only count as left out."""
        weights = self._untreated.weights(scored)
        self._window.add(scored._replace(weights=weights).take(weights > 0))

    def report(
        self, contestant: str, part: str = ALL, *, fading: bool = False, contact: Contact = CONTACT
    ) -> Metrics:
        """One contestant on one part (`online_model.quality.slices`); a part or name without examples has none."""
        scored = self._window.examples()
        mask = slices(scored).get(part, np.zeros(scored.examples, np.bool_))
        said = scored.predictions.get(contestant, np.full(scored.examples, np.nan))
        weights = scored.weights * self._fading(scored) if fading else scored.weights
        return metrics(scored.lost[mask], said[mask], weights[mask], contact)

    def summary(
        self, *, contact: Contact = CONTACT, thresholds: Thresholds = TIERS, paired: bool = False
    ) -> QualityReport:
        """Every contestant on every part; `paired` as in `online_model.quality.report.judge`."""
        scored = self._window.examples()
        return QualityReport(
            settled=self._window.seen,
            remembered=scored.examples,
            half_life=self.half_life,
            treated=self._untreated.treated,
            holdout_share=self._untreated.share,
            contestants=judge(
                scored,
                scored.weights,
                fading=self._fading(scored),
                contact=contact,
                thresholds=thresholds,
                paired=paired,
            ),
        )

    def _fading(self, scored: Scored) -> Vector:
        age = np.arange(scored.examples - 1, -1, -1)
        return np.asarray(0.5 ** (age / self.half_life))
