"""Scores of a partition's users into trailers and alerts.

An alert is written to the store together with the tier that raised it, and leaves for Kafka after that: a crash
between the two repeats it under the same id, and one before both raises it anew. None is lost, none is raised twice.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from domain import brake as braking
from domain.actions import Actions, recommended
from domain.alerts import (
    DAY_MS,
    GONE,
    SILENT,
    STALE_MS,
    TIERS,
    Alert,
    Judged,
    Policy,
    Served,
    alert_id,
    carried_over,
    expires,
    judge,
)
from domain.features import features
from domain.money import expected_spend
from domain.state import States
from domain.timers import at_risk_many
from feature_store.alerts import BRAKE, BrakeCommand
from feature_store.position import RefusedError
from feature_store.served import RANK_SCALE, UNRANKED, Trailers, known, trailers_of
from stream_processors.metrics import WorkerMetrics
from stream_processors.scoring import Scoring

log = logging.getLogger("ebbwatch.worker")

_REASONS: Final = 3

SendAlerts = Callable[[Sequence[tuple[bytes, bytes]]], Awaitable[None]]
"""Sends records (user id, alert) and returns when Kafka has them."""


class Desk:
    """What the lanes of a worker share about alerts."""

    def __init__(
        self, policy: Policy, actions: Actions, horizon_ms: int, send: SendAlerts, metrics: WorkerMetrics
    ) -> None:
        self.policy = policy
        self.actions = actions
        self.horizon_ms = horizon_ms
        self.send = send
        self.metrics = metrics
        self.rules = braking.Rules()
        self.live = False
        """Whether the log is followed live: else nothing is raised."""
        self.command: BrakeCommand | None = None
        """The operator's last to the brake."""


class Moment(NamedTuple):
    """When and where users are scored."""

    clock: int
    """The partition's, ms."""
    offset: int
    """Of the last record that is in their states."""
    recorded: int
    """Kafka's time of that record, ms."""
    wall: int
    """ms."""
    arrived: Sequence[tuple[int, int]] = ()
    """Events since the last moment, as (hour of Kafka's time since 1970, number)."""


class Scope(NamedTuple):
    """Whom to score: ``states[slots]``; ids and hashes are by slot."""

    states: States
    slots: npt.NDArray[np.int64]
    users: Sequence[bytes]
    hashes: npt.NDArray[np.uint64]


class _Told(NamedTuple):
    """A user whose alert was raised or resolved."""

    at: int
    """Place among those that were scored."""
    now: int
    risk: float | None
    version: str


class Scored(NamedTuple):
    """What the store keeps of it."""

    trailers: Trailers
    """Shape (users,)."""
    alerts: list[Any]
    """Fields and values of the partition's alerts, for ``HSET``."""


class Alerting:
    """Tiers, alerts and brake of one partition."""

    def __init__(self, desk: Desk, partition: int, stored: Mapping[bytes, bytes]) -> None:
        """
        Args:
            stored: the partition's alerts: those that have not left yet, and the brake.

        Raises:
            RefusedError: they cannot be read.
        """
        self._desk = desk
        self._partition = partition
        self._held = desk.metrics.brake.labels(partition)
        try:
            self._brake = braking.decode(stored.get(BRAKE))
            waiting = {field: value for field, value in stored.items() if field != BRAKE}
            self._unsent = {
                f: (msgspec.json.decode(v, type=Alert).user.encode(), v) for f, v in waiting.items()
            }
        except (braking.DamagedBrakeError, msgspec.MsgspecError) as fault:
            raise RefusedError(f"alerts of partition {partition}: {fault}: run `ebbwatch rebuild`") from fault

    def score(self, scope: Scope, before: Trailers, scoring: Scoring, moment: Moment) -> Scored:
        """Score users at the moment's clock, each not before their last event.

        Args:
            before: their trailers, shape (users,).
        """
        states, slots, _, hashes = scope
        risky = at_risk_many(states, slots)
        nows = np.maximum(states["last_ms"][slots], moment.clock)
        risk = np.full(len(slots), np.nan)
        risk[risky] = scoring.risks(states, slots[risky], nows[risky], hashes[slots[risky]])
        ranks = np.full(len(slots), UNRANKED, np.uint8)
        ranks[risky] = np.rint(risk[risky] * RANK_SCALE)
        if not self._desk.live:
            trailers = before.copy()
            trailers["rank"], trailers["basis"] = ranks, SILENT
            return Scored(trailers, [])
        policy = self._policy(scoring)
        serving = scoring.serving(hashes[slots])
        bases = np.array([policy.basis(version) for version in scoring.versions], np.uint16)[serving]
        served_before = known(before)
        judged = judge(risk, nows, served_before, policy, bases)
        former = scoring.former()
        if former is not None:
            judged = self._carried_over(judged, former, scope, served_before, nows)
        self._desk.metrics.moved(served_before.tiers, judged.served.tiers)
        self._judge_brake(moment, int(judged.comparable.sum()), int(judged.raised.sum()))
        fields: list[Any] = [BRAKE, self._brake.encode()]
        for at in np.flatnonzero(judged.raised | judged.resolved).tolist():
            version = scoring.versions[int(serving[at])]
            told = _Told(at, int(nows[at]), None if np.isnan(risk[at]) else float(risk[at]), version)
            alert = self._alert(told, scope, before, judged, scoring, moment)
            value = msgspec.json.encode(alert)
            fields += (alert.id.encode(), value)
            self._unsent[alert.id.encode()] = (alert.user.encode(), value)
        return Scored(trailers_of(judged.served, ranks), fields)

    def _carried_over(
        self, judged: Judged, former: Scoring, scope: Scope, before: Served, nows: npt.NDArray[np.int64]
    ) -> Judged:
        """Look at users whom the former version has scored last with its eyes, too."""
        policy, hashes = self._policy(former), scope.hashes[scope.slots]
        bases = np.array([policy.basis(version) for version in former.versions], np.uint16)
        bases = bases[former.serving(hashes)]
        rows = np.flatnonzero(~judged.comparable & (before.bases == bases) & (judged.served.tiers != GONE))
        if not len(rows):
            return judged
        risk = former.risks(scope.states, scope.slots[rows], nows[rows], hashes[rows])
        some = Served(before.tiers[rows], before.bases[rows], before.alerted[rows], before.open[rows])
        return carried_over(judged, rows, judge(risk, nows[rows], some, policy, bases[rows]), before, nows)

    def _policy(self, scoring: Scoring) -> Policy:
        """The settings', with the thresholds that were published with what scores."""
        limits = scoring.thresholds
        return self._desk.policy if limits is None else self._desk.policy._replace(**limits._asdict())

    def recall(self, users: Collection[bytes]) -> list[bytes]:
        """Send nothing of users who were erased; gives the fields that the store has to drop."""
        recalled = [field for field, (user, _) in self._unsent.items() if user in users]
        self.forget(recalled)
        return recalled

    async def deliver(self) -> list[bytes]:
        """Send what has been written; gives the fields that the store may forget."""
        if not self._unsent:
            return []
        await self._desk.send(list(self._unsent.values()))
        return list(self._unsent)

    def forget(self, fields: Sequence[bytes]) -> None:
        """These have left, and the store has forgotten them."""
        for field in fields:
            del self._unsent[field]

    def _judge_brake(self, moment: Moment, scored: int, rises: int) -> None:
        before = self._brake
        rules, command = self._desk.rules, self._desk.command
        brake = braking.counted(before, moment.arrived)
        if command is not None:
            brake = braking.operated(brake, command.command, command.at, rules)
        self._brake = braking.judged(brake, moment.recorded, moment.clock, scored, rises, rules)
        if self._brake.on != before.on:
            if self._brake.on:
                log.error("partition %s: alerts are held: %s", self._partition, braking.words(self._brake))
            else:
                log.warning("partition %s: alerts are sent again", self._partition)
        self._held.set(self._brake.on)

    def _alert(
        self,
        told: _Told,
        scope: Scope,
        before: Trailers,
        judged: Judged,
        scoring: Scoring,
        moment: Moment,
    ) -> Alert:
        desk, held = self._desk, self._brake.on
        at, now, risk, version = told
        raised, rank = bool(judged.raised[at]), int(before["rank"][at])
        slot = int(scope.slots[at])
        user, tier = scope.users[slot].decode(), TIERS[judged.served.tiers[at]]
        vector = features(scope.states, np.array([slot]), np.array([now]))
        spend = float(expected_spend(vector, desk.horizon_ms / DAY_MS)[0])
        why = scoring.reasons(scope.states, slot, now, scope.hashes[slot]) if raised else []
        theme = next((reason.theme for reason in why if reason.weight > 0), "")
        source = f"{self._partition}:{moment.offset}"
        deliver = moment.wall - now <= STALE_MS and not held
        kind: Literal["raised", "resolved"] = "raised" if raised else "resolved"
        desk.metrics.alerts.labels(kind, str(deliver).lower()).inc()
        return Alert(
            id=alert_id(user, source),
            kind=kind,
            user=user,
            time=now,
            recorded=moment.recorded,
            source=source,
            tier=tier,
            tier_before=TIERS[known(before[at : at + 1]).tiers[0]],
            risk=risk,
            risk_before=None if rank == UNRANKED else rank / RANK_SCALE,
            reasons=[reason.text for reason in why[:_REASONS]],
            expected_spend=spend,
            value_at_risk=(risk or 0.0) * spend,
            action=recommended(desk.actions, theme, tier) if raised else "",
            model=version,
            expires=expires(now, desk.policy),
            deliver=deliver,
            held=held,
        )
