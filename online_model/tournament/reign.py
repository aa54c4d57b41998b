"""All comparisons of one champion, from the day on which the reign begins."""

import math
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from online_model.quality.metrics import log_losses
from online_model.quality.scored import Scored
from online_model.tournament.decision import Evidence
from online_model.tournament.duel import Duel
from online_model.tournament.rules import Rules


class Reign:
    """Duels with challengers that share alpha, and one with the predecessor, whose alpha is its own.

    Those who are there first share all but `late_share` of alpha equally; of that rest the j-th who comes later gets
    1 / (j · (j + 1)). So the probability that any challenger that is no better is ever promoted in this reign is at
    most alpha, however many come.
    """

    def __init__(self, rules: Rules, champion: str, predecessor: str | None) -> None:
        self.champion = champion
        self.predecessor = predecessor
        self._rules = rules
        self.duels: dict[str, Duel] = {}
        """By challenger."""
        self.guard: Duel | None = None
        """Against the predecessor, with no least improvement: harm needs not be large to be undone."""
        if predecessor is not None:
            self.guard = self._duel(predecessor, rules.alpha, 0.0)
        self._late = 0
        self._sums: dict[str, npt.NDArray[np.float64]] = {}
        """Log loss of champion and challenger on the same examples, and how many, by challenger."""

    def enter(self, contestants: Collection[str]) -> None:
        """Begin duels with those who are new, and end those with contestants that are gone."""
        for gone in sorted(set(self.duels) - set(contestants)):
            del self.duels[gone]
        new = sorted(set(contestants) - set(self.duels) - {self.champion, self.predecessor})
        first = not self.duels and not self._late
        for name in new:
            if first:
                share = (1 - self._rules.late_share) / len(new)
            else:
                self._late += 1
                share = self._rules.late_share / (self._late * (self._late + 1))
            self.duels[name] = self._duel(name, self._rules.alpha * share, self._rules.least_improvement)

    def add_day(self, day: int, scored: Scored, mature: Mapping[str, int]) -> None:
        """Take all chosen examples of one due day.

        Args:
            scored: weights 0 do not count.
            mature: day at whose end a contestant had learned enough; what it said earlier does not count.
        """
        champion = scored.predictions.get(self.champion)
        if champion is None:
            return
        for name, duel in self.duels.items():
            since = mature.get(name)
            if since is not None and day - self._rules.delay_days > since and name in scored.predictions:
                duel.add_day(scored.lost, scored.weights, champion, scored.predictions[name])
        if self.guard is not None and self.guard.other in scored.predictions:
            self.guard.add_day(scored.lost, scored.weights, champion, scored.predictions[self.guard.other])

    def proven(self, barred: Collection[str]) -> list[str]:
        """Challengers that are proven better and were compared long enough, the one that gains most first."""
        found = [
            name
            for name, duel in self.duels.items()
            if name not in barred and duel.proven and duel.days >= self._rules.minimum_days
        ]
        return sorted(found, key=lambda name: (-self.duels[name].gain, name))

    def add_all(self, day: int, scored: Scored, mature: Mapping[str, int]) -> None:
        """Take all examples of one due day, chosen or not, for `ahead`."""
        champion = scored.predictions.get(self.champion)
        if champion is None:
            return
        for name in self.duels:
            since, said = mature.get(name), scored.predictions.get(name)
            if since is None or day - self._rules.delay_days <= since or said is None:
                continue
            both = np.isfinite(champion) & np.isfinite(said)
            sums = self._sums.setdefault(name, np.zeros(3))
            for place, predicted in enumerate((champion, said)):
                losses = log_losses(scored.lost[both], predicted[both], self._rules.clip)
                sums[place] += float((losses * scored.weights[both]).sum())
            sums[2] += int(both.sum())

    def ahead(self, barred: Collection[str]) -> list[str]:
        """Challengers that are better so far, if only by chance, and were compared long enough; the best first."""
        rules, found = self._rules, []
        for name, (champion, other, examples) in self._sums.items():
            duel = self.duels.get(name)
            enough = (
                duel is not None and duel.days >= rules.minimum_days and examples >= rules.stand_in_examples
            )
            if enough and name not in barred and other < (1 - rules.least_improvement) * champion:
                found.append(((other - champion) / examples, name))
        return [name for _, name in sorted(found)]

    @property
    def harmed(self) -> bool:
        """Whether the predecessor is proven better."""
        return self.guard is not None and self.guard.proven

    @property
    def safe_to_go_on(self) -> bool:
        """Whether nothing speaks against serving more users; without a predecessor nothing can."""
        guard = self.guard
        return guard is None or (guard.days > 0 and guard.log_evidence <= math.log(self._rules.hold_evidence))

    def mean_shift(self, name: str) -> float | None:
        """How far the probabilities of champion and challenger lay apart; None if they were not compared."""
        duel = self.duels.get(name)
        return None if duel is None else duel.mean_shift

    def evidence(self, name: str, ages: Mapping[str, int]) -> Evidence | None:
        """Of the duel with that contestant; None if there is none."""
        duel = self.guard if self.guard is not None and self.guard.other == name else self.duels.get(name)
        return None if duel is None else duel.evidence(ages)

    def _duel(self, other: str, alpha: float, least: float) -> Duel:
        return Duel(self.champion, other, alpha=alpha, least=least, clip=self._rules.clip)
