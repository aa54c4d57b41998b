"""Who serves: champion, challengers and predecessor, decided at the end of every day of event time.

A pure state machine: the same examples, days and commands give the same decisions, however the examples were cut
into runs. All contestants are scored in the shadow on all users, whoever serves, so a roll-out in stages loses no
evidence. What a contestant said before it had learned enough does not count, so its comparison begins one delay of
the outcomes after that.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS
from online_model.quality.scored import Scored, joined
from online_model.quality.untreated import Untreated
from online_model.tournament.decision import Command, Decision, Evidence
from online_model.tournament.history import History
from online_model.tournament.operators import obey
from online_model.tournament.reign import Reign
from online_model.tournament.rules import Rules
from online_model.tournament.seat import Cause, Rollout, Seat

Vector = npt.NDArray[np.float64]

_USUAL: Final = Rules()


class Tournament:
    """Told of settled examples by due day; says what to do. Everything in it can be pickled."""

    def __init__(self, baseline: str, rules: Rules = _USUAL) -> None:
        """Before the first example.

        Args:
            baseline: first champion; needs no learning, so is never too young.
            rules: what it takes to be promoted.
        """
        self.rules: Final = rules
        self._baseline = baseline
        self._seat = Seat(baseline, rules)
        self._reign: Reign | None = None
        """None until the end of the next day, so that all who shall be there from the beginning are."""
        self._history = History(rules)
        self._untreated = Untreated()
        self._waiting: list[Scored] = []
        self._ages: dict[str, int] = {}
        self._mature: dict[str, int] = {}
        """Day at whose end a contestant had learned enough."""
        self._last_day = -1
        self._asked_day: int | None = None

    @property
    def champion(self) -> str:
        """Serves; the baseline at first."""
        return self._seat.champion

    @property
    def predecessor(self) -> str | None:
        """Still scored, and back in place when it is proven better."""
        return self._seat.predecessor

    @property
    def rollout(self) -> Rollout | None:
        """None while the champion serves everybody."""
        return self._seat.rollout

    @property
    def pinned(self) -> bool:
        """Whether nothing moves by itself."""
        return self._seat.pinned

    @property
    def version(self) -> str | None:
        """The one version of the champion that serves until it is unpinned; None if later ones follow."""
        return self._seat.version

    @property
    def vetoed(self) -> frozenset[str]:
        """Never promoted by evidence."""
        return frozenset(self._seat.vetoed)

    @property
    def needed(self) -> frozenset[str]:
        """Contestants that must go on being scored."""
        return frozenset(name for name in (self.champion, self.predecessor) if name is not None)

    def standings(self) -> dict[str, Evidence]:
        """The champion against every other contestant, since this reign began."""
        if self._reign is None:
            return {}
        found = {name: self._reign.evidence(name, self._ages) for name in sorted(self._ages)}
        return {name: evidence for name, evidence in found.items() if evidence is not None}

    def add(self, scored: Scored) -> None:
        """Take the next settled examples, in the order of (due, user); they count at the end of their day."""
        weights = self._untreated.weights(scored)
        self._waiting.append(scored._replace(weights=weights).take(weights > 0))

    def end_of_day(self, day: int, ages: Mapping[str, int]) -> list[Decision]:
        """Decide, after all examples due on that day or before were added.

        Args:
            day: days since 1970, later than the last one.
            ages: by contestant that is scored, the examples that it has learned.

        Raises:
            ValueError: the day is over already, or somebody who is `needed` is not scored; nothing has changed.
        """
        if day <= self._last_day:
            raise ValueError(f"day {day} has ended already: the last one was {self._last_day}")
        if not self.needed <= set(ages):
            raise ValueError(f"{sorted(self.needed)} must go on being scored; scored are {sorted(ages)}")
        self._last_day = day
        self._ages = dict(ages)
        self._grow_up(day)
        if self._reign is None:
            self._reign = Reign(self.rules, self.champion, self.predecessor)
        self._reign.enter(ages)
        self._take(self._reign, day)
        at_ms = (day + 1) * DAY_MS
        moved = [] if self.pinned else self._move(self._reign, day, at_ms)
        return self._begun_anew(moved) + self._declined(day, at_ms)

    def drifted(self, finding: str, at_ms: int) -> list[Decision]:
        """A confirmed alarm: ask for fresh challengers and compare anew, at most once in `challengers_days`."""
        return self._ask(Cause(at_ms=at_ms, day=at_ms // DAY_MS, reason=f"drift: {finding}"))

    def swapped(self, old: Vector, new: Vector, at_ms: int, *, refreshed: bool) -> list[Decision]:
        """Look at the probabilities of the same snapshots before and after a swap, shapes (n,).

        Args:
            old: of what served until now.
            new: of what is to serve.
            at_ms: event time.
            refreshed: whether it is a later version of the same champion, which should say nearly the same; a new
                champion may differ from its predecessor as much as in their comparison.
        """
        expected = 0.0 if refreshed else self._seat.expected_shift
        told = np.isfinite(old) & np.isfinite(new)
        if expected is None or not told.any():
            return []
        moved = float(np.mean(np.abs(new[told] - old[told])))
        if moved <= expected + self.rules.jump:
            return []
        reason = f"probabilities moved by {moved:.3f} at the swap, {expected:.3f} was expected"
        figures = {"moved": moved, "expected": expected, "snapshots": float(told.sum())}
        cause = Cause(at_ms=at_ms, day=at_ms // DAY_MS, reason=reason, figures=figures)
        if refreshed:
            return [self._seat.decided("reject_version", cause, other=self.champion)]
        if self.pinned or self.predecessor is None:
            return []
        return self._begun_anew([self._seat.roll_back(self.predecessor, cause)])

    def operator(self, command: Command, at_ms: int) -> list[Decision]:
        """Carry out what an operator wants; also while pinned.

        Raises:
            CommandError: it cannot be done; nothing has changed.
        """
        return self._begun_anew([obey(command, at_ms, self._seat, self._reign, self._ages)])

    def entered(self, name: str, reason: str, figures: Mapping[str, float], at_ms: int) -> list[Decision]:
        """Note that a refitted model is scored from now on; like others it is compared from the next day on."""
        cause = Cause(at_ms=at_ms, day=at_ms // DAY_MS, reason=reason, by="batch", figures=dict(figures))
        return [self._seat.decided("enter", cause, other=name)]

    def _grow_up(self, day: int) -> None:
        self._mature = {name: since for name, since in self._mature.items() if name in self._ages}
        for name, learned in self._ages.items():
            if name == self._baseline:
                self._mature.setdefault(name, -self.rules.delay_days - 1)
            elif learned >= self.rules.minimum_examples:
                self._mature.setdefault(name, day)

    def _take(self, reign: Reign, day: int) -> None:
        if not self._waiting:
            return
        scored = joined(self._waiting)
        self._waiting = [scored.take(scored.due_day > day)]
        for due in np.unique(scored.due_day[scored.due_day <= day]).tolist():
            rows = scored.take(scored.due_day == due)
            reign.add_day(due, rows.take(rows.chosen), self._mature)
            if self.champion == self._baseline:
                reign.add_all(due, rows, self._mature)
            if self.champion in rows.predictions:
                self._history.add_day(due, rows.lost, rows.weights, rows.predictions[self.champion])

    def _move(self, reign: Reign, day: int, at_ms: int) -> list[Decision]:
        if self.predecessor is not None and reign.harmed:
            evidence = reign.evidence(self.predecessor, self._ages)
            reason = f"{self.predecessor} is proven better than its successor {self.champion}"
            cause = Cause(at_ms=at_ms, day=day, reason=reason, evidence=evidence)
            return [self._seat.roll_back(self.predecessor, cause)]
        if self.rollout is not None:
            days = day - self.rollout.since_day
            if days < self.rules.stage_days or not reign.safe_to_go_on:
                return []
            evidence = reign.evidence(self.rollout.previous, self._ages)
            reason = f"no harm seen in {days} days since the last stage"
            cause = Cause(at_ms=at_ms, day=day, reason=reason, evidence=evidence)
            return [self._seat.advance(self.rollout, cause)]
        proven = reign.proven(self._seat.barred(day))
        if proven:
            name, reason = proven[0], f"{proven[0]} is proven better than {self.champion}"
        elif self.champion == self._baseline and self.rules.stands_in:
            ahead = reign.ahead(self._seat.barred(day))
            if not ahead:
                return []
            name, reason = ahead[0], f"{ahead[0]} has learned enough, and {self.champion} only stood in"
        else:
            return []
        cause = Cause(at_ms=at_ms, day=day, reason=reason, evidence=reign.evidence(name, self._ages))
        return [self._seat.promote(name, cause, shift=reign.mean_shift(name), everybody=False)]

    def _begun_anew(self, decisions: list[Decision]) -> list[Decision]:
        if self._reign is not None and self._reign.champion != self.champion:
            self._reign, self._history = None, History(self.rules)
        return decisions

    def _declined(self, day: int, at_ms: int) -> list[Decision]:
        now, best = self._history.fading, self._history.best
        if now is None or best is None or not self._history.declined:
            return []
        reason = f"the AUC of {self.champion} fell to {now:.3f}; at its best it was {best:.3f}"
        figures = {"auc": now, "best_auc": best}
        return self._ask(Cause(at_ms=at_ms, day=day, reason=reason, figures=figures))

    def _ask(self, cause: Cause) -> list[Decision]:
        if self._asked_day is not None and cause.day - self._asked_day < self.rules.challengers_days:
            return []
        self._asked_day = cause.day
        if (
            self.rollout is None
        ):  # what was seen of a world that is gone proves nothing; a roll-out is watched on
            self._reign = None
        return [self._seat.decided("start_challengers", cause)]
