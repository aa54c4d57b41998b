"""The training: told of one hour of event time after the other, it predicts, joins, scores, learns and decides.

All happens when the hour is complete, in this order, so that a snapshot is predicted by models that have learned
what was due before its hour, and nothing else:

1. the hour's snapshots are predicted by every contestant, and wait;
2. its outcomes meet their snapshots; the predictions of then are scored;
3. the contestants learn the outcomes of users who were not treated within the horizon: of the others nobody knows
   what would have happened;
4. with a day's last hour the tournament decides, with Sunday's drift is looked for; versions are published.

Nothing here knows of clocks, topics or registries: what is to be done outside comes back as effects.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from domain.calendar import DAY_MS
from domain.labels import Snapshots, delay_ms
from domain.settings import FactSettings
from online_model.drift.watch import DriftWatch
from online_model.quality.quality import Quality
from online_model.quality.untreated import Untreated
from online_model.registry.registry import trained_until
from online_model.saving import SavingCounts
from online_model.tiers import TierShares
from online_model.tournament.chosen import chosen
from online_model.training.contestants import BASELINE
from online_model.training.court import Court, Load, LoadCandidate, no_candidates, no_registry
from online_model.training.effects import Dated, Effect, Kept, LedgerDay
from online_model.training.lineup import Lineup, Make
from online_model.training.merge import Hour
from online_model.training.orders import Order, entry, is_entry
from online_model.training.pending import Pending, Predicted
from online_model.training.settle import (
    CHAMPION,
    Settled,
    all_said,
    hashes_of,
    join,
    log_losses,
    scored,
)
from online_model.training.stream import NEVER

DAY_HOURS: Final = 24
WEEK_DAYS: Final = 7
MONDAY: Final = 3
"""1970 began three days after a Monday."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that shapes what is learned, but for the examples."""

    lineage: str
    facts: FactSettings
    contestants: tuple[str, ...]
    seed: int
    publish_examples: int = 2_000
    """A champion that has learned so many more is published again."""
    publish_days: int = 1
    """And one that has learned anything, after so many days."""


class Training:
    """One lineage's contestants, and all that is known of them."""

    def __init__(
        self,
        plan: Plan,
        make: Make,
        pending: Pending,
        load: Load = no_registry,
        tier_shares: TierShares | None = None,
        load_candidate: LoadCandidate = no_candidates,
    ) -> None:
        """
        Args:
            make: makes learners, by kind, seed and horizon.
            pending: for the snapshots that wait; not part of the state.
            load: versions that were published, for those that are pinned; not part of the state either.
            tier_shares: of the users, by which thresholds are derived; likewise.
            load_candidate: refitted models, for those that enter; likewise.
        """
        self.plan = plan
        self._delay = delay_ms(plan.facts)
        self._pending = pending
        self._load = load
        self._load_candidate = load_candidate
        self._tier_shares = tier_shares
        names = tuple(dict.fromkeys((BASELINE, *plan.contestants)))
        self.lineup = Lineup(names, make, plan.seed, plan.facts.horizon_ms)
        self.quality = Quality()
        self.saving = SavingCounts()
        self.drift = DriftWatch(plan.facts.horizon_ms)
        self.court = Court(
            plan.lineage, plan.facts, plan.seed, plan.publish_examples, plan.publish_days, plan.contestants
        )
        self.court.tier_shares = tier_shares
        self.counts: Counter[str] = Counter()
        """Items by what became of them: ``predicted``, ``settled``, ``learned``, ``treated``,
        ``without_snapshot``, ``without_outcome``."""
        self._untreated = Untreated()
        self._day: int | None = None
        self._kept: list[Kept] = []

    def take(self, hour: Hour) -> Iterator[Effect]:
        """All that follows from one hour; hours come in order, and those without items may be left out.

        Each effect has to be carried out before the next is asked for: what it holds goes on learning.
        """
        yield from self._end_days(hour.hour // DAY_HOURS)
        if self._day is None and (hour.snapshots.users or hour.outcomes.users):
            self._day = hour.hour // DAY_HOURS
        self._predict(hour.snapshots)
        if self._settle(hour) and self.court.publishing.full():
            yield from self.court.publish(hour.end_ms, "it has learned more", self.lineup, self.quality)
        yield from self.court.obey(hour.end_ms, self.lineup, self.quality, self._load)
        yield from self._end_days((hour.hour + 1) // DAY_HOURS)

    def order(self, order: Order, done_ms: int) -> Iterator[Effect]:
        """An order: carried out at once, or when event time has come to the moment that it names.

        Args:
            done_ms: event time up to which hours were taken.
        """
        if is_entry(order):
            yield from self._entry(order)
            return
        self.court.orders.append(order)
        yield from self.court.obey(done_ms, self.lineup, self.quality, self._load)

    def _entry(self, order: Order) -> Iterator[Effect]:
        """Name the midnight of an entry: the end of the day that has begun, and after all that the model knows.

        One that is named already was read once more, or stands in a topic that is learned from anew.
        """
        if any(is_entry(other) and other.id == order.id for other in self.court.orders):
            return
        begun = NEVER if self._day is None else self._day * DAY_MS
        if not order.at_ms:
            known = trained_until(order.command.version or "")
            if known is None:
                yield self.court.refused(order, f"{order.command.version!r} is no id of a candidate")
                return
            order = entry(order.id, max(begun, known // DAY_MS * DAY_MS) + DAY_MS)
            yield Dated(order)
        if order.at_ms > begun:  # else it has been carried out
            self.court.orders.append(order)

    @property
    def waiting(self) -> int:
        """Snapshots whose outcome is not due yet."""
        return self._pending.waiting

    def state(self) -> dict[str, Any]:
        """For a checkpoint; to be pickled at once."""
        outside = ("plan", "_pending", "_load", "_load_candidate", "_tier_shares")
        return {name: value for name, value in vars(self).items() if name not in outside}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        vars(self).update(state)
        self.court.tier_shares = self._tier_shares

    def _predict(self, snapshots: Snapshots) -> None:
        if not snapshots.users:
            return
        x = snapshots.features
        said = self.court.calibrating.said(self.lineup.predict(x))
        served = self.court.serving.say(x, hashes_of(snapshots.users), said)
        self._pending.append(
            Predicted(
                users=snapshots.users,
                times=snapshots.times,
                features=x,
                treated=snapshots.treated,
                holdout=snapshots.holdout,
                contestants=tuple(said),
                predictions=np.array(list(said.values())),
                served=served.probabilities,
                serving=served.contestants,
                versions=served.versions,
                which=served.which,
                reason_features=served.reason_features,
                reason_weights=served.reason_weights,
                thresholds=served.thresholds,
            )
        )
        self.drift.add_features(snapshots.times, x)
        self.court.see(snapshots.times, x)
        self.counts["predicted"] += len(x)

    def _settle(self, hour: Hour) -> bool:
        """Join, score and learn; returns whether there was anything."""
        found = join(self._pending, hour.outcomes, hour.end_ms - self._delay)
        self.counts["without_snapshot"] += found.without_snapshot
        self.counts["without_outcome"] += found.without_outcome
        for settled in found.settled:
            self._score(settled)
        for settled in found.settled:
            self._learn(settled)
        return bool(found.settled)

    def _score(self, settled: Settled) -> None:
        taken = settled.snapshots
        picked = chosen(hashes_of(taken.users), taken.times, self.plan.facts.horizon_ms)
        run = scored(settled, picked, self._delay)
        weights = self._untreated.weights(run)
        self._kept.append(Kept.of(settled, weights))
        self.court.calibrating.add(run._replace(predictions=all_said(settled)), weights)
        self.quality.add(run)
        self.saving.add(run)
        self.court.tournament.add(
            run._replace(predictions={name: p for name, p in run.predictions.items() if name != CHAMPION})
        )
        untreated = ~run.treated
        losses = [log_losses(run.predictions[name], run.lost)[untreated] for name in (CHAMPION, BASELINE)]
        self.drift.add_errors((taken.times + self._delay)[untreated], *losses)
        self.counts["settled"] += run.examples

    def _learn(self, settled: Settled) -> None:
        untreated = ~settled.treated
        examples = int(untreated.sum())
        self.counts["treated"] += len(untreated) - examples
        self.counts["learned"] += examples
        if examples:
            self.lineup.learn(settled.snapshots.features[untreated], settled.outcomes.lost[untreated])
            self.court.publishing.learned(self.lineup.names, settled.snapshots.times[untreated])

    def _end_days(self, before: int) -> Iterator[Effect]:
        """End all days before this one."""
        while self._day is not None and self._day < before:
            day, self._day = self._day, self._day + 1
            yield from self._end_day(day)

    def _end_day(self, day: int) -> Iterator[Effect]:
        if self._kept:
            kept, self._kept = self._kept, []
            yield LedgerDay(day, kept)
        findings = []
        if (day + MONDAY) % WEEK_DAYS == WEEK_DAYS - 1:
            findings = self.drift.end_of_week((day + MONDAY) // WEEK_DAYS)
        yield from self.court.end_of_day(day, findings, self.lineup, self.quality)
        yield from self.court.admit(day, self.lineup, self._load_candidate)
