"""Who serves: carries the tournament's decisions into versions, shares and challengers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from domain.calendar import DAY_MS
from domain.labels import Matrix, Times, delay_ms
from domain.settings import FactSettings
from online_model.drift.watch import DriftFinding
from online_model.explain.recent import Recent
from online_model.quality.quality import Quality
from online_model.refitted.frozen import Frozen, is_refitted
from online_model.registry.errors import RefusedError, UnknownVersionError
from online_model.risk import Part
from online_model.tiers import TierShares
from online_model.tournament.decision import CommandError, Decision
from online_model.tournament.rules import Rules
from online_model.tournament.tournament import Tournament
from online_model.training.calibrating import Calibrating
from online_model.training.contestants import BASELINE
from online_model.training.effects import Announce, Decided, Drifted, Effect, Refused
from online_model.training.lineup import Lineup, UnknownContestantError
from online_model.training.orders import Order, is_entry
from online_model.training.outdated import outdated
from online_model.training.publishing import Publishing
from online_model.training.serving import Serving

_FRESH: Final = ("logistic", "ftrl", "recursive")
"""Kinds that are started anew after a change: they learn from few examples, and cost little."""

Load = Callable[[str], Part]
"""From the id of a version to what serves everybody by it. Raises `RefusedError` where it may not."""


def no_registry(version: str) -> Part:
    """Where nothing is published, nothing can be had back.

    Raises:
        UnknownVersionError: always.
    """
    raise UnknownVersionError(f"version {version}: there is no registry here")


LoadCandidate = Callable[[str, int], Frozen]
"""From the id of a candidate and the event time of its entry to a contestant. Raises `RefusedError`."""


def no_candidates(version: str, _at_ms: int) -> Frozen:
    """Where no batch jobs are run, nobody can enter.

    Raises:
        UnknownVersionError: always.
    """
    raise UnknownVersionError(f"version {version}: there are no candidates here")


class Court:
    """Tournament, publishing and serving of one lineage. Picklable."""

    def __init__(
        self,
        lineage: str,
        facts: FactSettings,
        seed: int,
        publish_examples: int,
        publish_days: int,
        contestants: Sequence[str],
    ) -> None:
        """
        Args:
            publish_examples: see `online_model.training.training.Plan`.
            publish_days: likewise.
            contestants: of the configuration; fresh challengers are of their kinds.
        """
        delay_days = -(-delay_ms(facts) // DAY_MS)
        self.tournament = Tournament(BASELINE, Rules(delay_days=delay_days))
        self.publishing = Publishing(lineage, facts, seed, publish_examples, publish_days)
        self.serving = Serving(BASELINE)
        self.orders: list[Order] = []
        """That wait for their moment."""
        self._fresh = tuple(kind for kind in _FRESH if kind in contestants)
        self._recent = Recent(seed)
        """On whom a version is compared with the one before it, and explained."""
        self.tier_shares: TierShares | None = None
        """Of the users, by which the tiers' thresholds are derived; None leaves them to the settings."""
        self.calibrating = Calibrating(delay_days)
        self._told = 0

    def see(self, times: Times, x: Matrix) -> None:
        """Remember some of the latest snapshots; in the order of their times."""
        self._recent.add(times, x)

    def end_of_day(
        self, day: int, findings: Sequence[DriftFinding], lineup: Lineup, quality: Quality
    ) -> Iterator[Effect]:
        """Let the tournament decide, and carry it out."""
        at_ms = (day + 1) * DAY_MS
        decisions = []
        for finding in findings:
            yield Drifted(self._number(), finding)
            decisions += self.tournament.drifted(finding.text, at_ms)
        decisions += self.tournament.end_of_day(day, lineup.learned())
        yield from self._carry_out(decisions, at_ms, lineup, quality)
        if self.publishing.old(day):
            yield from self.publish(at_ms, "a while has passed", lineup, quality)

    def obey(self, done_ms: int, lineup: Lineup, quality: Quality, load: Load) -> Iterator[Effect]:
        """Carry out the orders whose moment has come."""
        for order in self._due(done_ms, entries=False):
            command, held = order.command, None
            try:
                if command.version is not None:
                    held = load(command.version)
                    command = msgspec.structs.replace(command, name=held.contestant)
                decisions = self.tournament.operator(command, done_ms + 1)
            except (CommandError, RefusedError) as fault:
                yield self.refused(order, str(fault))
            else:
                yield from self._carry_out(decisions, done_ms + 1, lineup, quality, held)

    def admit(self, day: int, lineup: Lineup, load: LoadCandidate) -> Iterator[Effect]:
        """Let the refitted models enter whose midnight this day's end is; the last thing of a day."""
        at_ms = (day + 1) * DAY_MS
        for order in self._due(at_ms, entries=True):
            assert order.command.version is not None
            try:
                learner = load(order.command.version, at_ms)
                lineup.enter(learner.training.name, learner)
            except (RefusedError, UnknownContestantError) as fault:
                yield self.refused(order, str(fault))
            else:
                yield from self._say(self._admitted(learner, at_ms, lineup))

    def refused(self, order: Order, reason: str) -> Refused:
        """That an order cannot be carried out."""
        return Refused(self._number(), order.id, reason)

    def _admitted(self, learner: Frozen, at_ms: int, lineup: Lineup) -> Sequence[Decision]:
        gone = outdated(
            lineup.refitted(),
            learner,
            self.tournament.needed | set(self.serving.shares),
            at_ms,
            self.tournament.rules.delay_days,
        )
        for name in gone:
            lineup.drop(name)
        training = learner.training
        reason = (
            f"{training.name}, refitted on {training.examples:,} examples, is scored from now on"
            f"{', instead of ' + ' and '.join(gone) if gone else ''} (candidate {learner.candidate})"
        )
        figures = {name: value for name, value in training.metrics.items() if value is not None}
        return self.tournament.entered(training.name, reason, figures, at_ms)

    def _due(self, until_ms: int, *, entries: bool) -> list[Order]:
        """Take the orders whose moment has come: those to `enter`, or all others."""
        due = [order for order in self.orders if order.at_ms <= until_ms and is_entry(order) == entries]
        self.orders = [order for order in self.orders if order not in due]
        return due

    def publish(self, at_ms: int, reason: str, lineup: Lineup, quality: Quality) -> Iterator[Effect]:
        """Versions of all who serve, as they are now; none while a version is pinned, but for where tiers begin."""
        held = self.serving.held is not None
        if not held:
            yield from self._versions(at_ms, lineup, quality)
        self.publishing.done(at_ms // DAY_MS)
        if self.serving.announced() and (self.tier_shares is not None or not held):
            yield self._announcement(at_ms, reason)

    def _announcement(self, at_ms: int, reason: str) -> Announce:
        self.serving.tell_tiers(self.tier_shares, self._recent.population)
        return Announce(at_ms, self.serving.announced(), reason, self.serving.thresholds)

    def _versions(self, at_ms: int, lineup: Lineup, quality: Quality) -> Iterator[Effect]:
        population = self._recent.population
        for name in self.serving.shares:
            line, serves = self.calibrating.line(name), self.serving.version(name)
            if is_refitted(name) and serves is not None and serves.line == line:
                continue  # it has learned nothing: the same once more, with another date
            made = self.publishing.version(name, lineup, quality, line, population)
            if made is None:
                continue
            effect, version = made
            if serves is not None and len(population):
                # before they are calibrated: what a new line changes is proven, and no reason to refuse a version
                strange = self.tournament.swapped(
                    serves.model.score(population),
                    version.model.score(population),
                    at_ms,
                    refreshed=True,
                )
                yield from self._say(strange)
                if strange:
                    continue  # the former version goes on serving
            yield effect
            self.serving.swap(version)

    def _carry_out(
        self,
        decisions: Sequence[Decision],
        at_ms: int,
        lineup: Lineup,
        quality: Quality,
        held: Part | None = None,
    ) -> Iterator[Effect]:
        yield from self._say(decisions)
        for decision in decisions:
            if decision.kind == "start_challengers":
                self._start_fresh(at_ms, lineup)
        if held is not None:
            self.serving.hold(held)
            yield self._announcement(at_ms, decisions[-1].reason)
            return
        let_go = self.serving.held is not None and self.tournament.version is None
        if self._shares() != self.serving.shares or let_go:
            yield from self._move_to(self._shares(), at_ms, decisions, lineup, quality)

    def _move_to(
        self,
        shares: dict[str, float],
        at_ms: int,
        decisions: Sequence[Decision],
        lineup: Lineup,
        quality: Quality,
    ) -> Iterator[Effect]:
        """What follows where others serve than before."""
        champion, former = next(iter(shares)), next(iter(self.serving.shares))
        before = self.serving.version(former)
        self.serving.roll_out(shares)
        yield from self.publish(at_ms, decisions[-1].reason if decisions else "", lineup, quality)
        after = self.serving.version(champion)
        population = self._recent.population
        if champion == former or before is None or after is None or not len(population):
            return
        strange = self.tournament.swapped(
            before.model.score(population), after.model.score(population), at_ms, refreshed=False
        )
        if strange:
            yield from self._carry_out(strange, at_ms, lineup, quality)

    def _shares(self) -> dict[str, float]:
        tournament = self.tournament
        if tournament.rollout is None:
            return {tournament.champion: 1.0}
        share = tournament.rollout.share
        return {tournament.champion: share, tournament.rollout.previous: 1 - share}

    def _start_fresh(self, at_ms: int, lineup: Lineup) -> None:
        """Challengers of today, instead of those of last time that have come to nothing."""
        needed = self.tournament.needed | set(self.serving.shares)
        for name in lineup.names:
            if "@" in name and name not in needed:
                lineup.drop(name)
        stamp = np.datetime64(at_ms, "ms").astype("datetime64[D]")
        for kind in self._fresh:
            lineup.start(f"{kind}@{stamp}")

    def _say(self, decisions: Sequence[Decision]) -> Iterator[Effect]:
        for decision in decisions:
            yield Decided(self._number(), decision)

    def _number(self) -> int:
        self._told += 1
        return self._told
