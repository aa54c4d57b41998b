"""Records of `risk-alerts` into the first steps of alerts' lives: raised, kept back at once, resolved."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from domain.alert_life import AlertState, stepped
from domain.alerts import Alert
from domain.control import Step
from domain.triage import Rules, Said, added, left_alone, unwanted, worth

NOTIFIER: Final = "notifier"
"""Who takes the steps of the process."""


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of all users together."""

    chance: float
    """Of saving a user by a contact."""
    top: float = float("inf")
    """Expected spend from which a user is in the top tenth; inf while that is unknown."""
    active: int = 0
    """Users at risk."""


class Known:
    """Alerts and what was said of users, of those that a batch is about; grows with the batch's own steps."""

    def __init__(self, alerts: Mapping[str, AlertState], said: Mapping[str, Sequence[Said]]) -> None:
        self.alerts = dict(alerts)
        self.said = said
        self._of_user: dict[str, list[str]] = {}
        for state in self.alerts.values():
            self._of_user.setdefault(state.user, []).append(state.id)

    def of_user(self, user: str) -> list[AlertState]:
        """Alerts of a user."""
        return [self.alerts[id_] for id_ in self._of_user.get(user, ())]

    def take(self, step: Step) -> None:
        """A step that was decided on."""
        before = self.alerts.get(step.alert)
        after = stepped(before, step)
        if after is None:
            return
        if before is None:
            self._of_user.setdefault(step.user, []).append(step.alert)
        self.alerts[step.alert] = after


def intake(
    records: Iterable[Alert], known: Known, erased: Mapping[str, int], now: int, rules: Rules, market: Market
) -> list[Step]:
    """Steps that follow from records, in their order; none from those that came before.

    Args:
        erased: user to the ms at which the user was erased; what was raised before is left out.
        now: ms, wall clock.
    """
    steps: list[Step] = []
    for alert in records:
        if alert.recorded <= erased.get(alert.user, -1):
            continue
        taken = (
            _resolved(alert, known, now)
            if alert.kind == "resolved"
            else _raised(alert, known, now, rules, market)
        )
        for step in taken:
            known.take(step)
            steps.append(step)
    return steps


def step(alert: str, user: str, what: Any, at: int, **more: Any) -> Step:
    """A step that an alert has once."""
    return Step(id=f"{alert}.{what}", alert=alert, user=user, what=what, at=at, by=NOTIFIER, **more)


def _raised(alert: Alert, known: Known, now: int, rules: Rules, market: Market) -> list[Step]:
    if alert.id in known.alerts:
        return []
    body = msgspec.to_builtins(alert) | added(
        worth(alert, rules, market.chance, market.top), alert.user, rules
    )
    steps = [step(alert.id, alert.user, "raised", alert.time, body=body)]
    reason = unwanted(alert) or left_alone(known.said.get(alert.user, ()), now, rules)
    if reason:
        steps.append(step(alert.id, alert.user, "suppressed", now, reason=reason))
    elif alert.expires <= now:
        steps.append(step(alert.id, alert.user, "expired", now))
    return steps


def _resolved(alert: Alert, known: Known, now: int) -> list[Step]:
    """Of all alerts of the user that were raised before and are not resolved by the stream yet."""
    body = msgspec.to_builtins(alert)
    return [
        step(state.id, state.user, "resolved", now, body=body)
        for state in known.of_user(alert.user)
        if state.raised["time"] <= alert.time and not any(s.id == f"{state.id}.resolved" for s in state.steps)
    ]
