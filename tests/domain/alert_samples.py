"""Alerts, and steps of their lives, for tests."""

from typing import Any

import msgspec

from domain.alerts import DAY_MS, Alert, alert_id
from domain.control import Step

NOW = 1_764_111_600_000


def alert(user: str = "ann", source: str = "0:1", **fields: Any) -> Alert:
    """A raised one that may be handed out."""
    made = Alert(
        id=alert_id(user, source), kind="raised", user=user, time=NOW, recorded=NOW, source=source, tier="high",
        tier_before="low", risk=0.8, risk_before=0.3, reasons=["no session for 12 days", "b", "c", "d"],
        expected_spend=40.0, value_at_risk=32.0, action="Call.", model="baseline", expires=NOW + 7 * DAY_MS,
        deliver=True, held=False,
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def step(what: Any, alert_id: str = "a" * 16, user: str = "ann", at: int = NOW, **fields: Any) -> Step:
    """A step that an alert has once."""
    made = Step(id=f"{alert_id}.{what}", alert=alert_id, user=user, what=what, at=at, by="notifier")
    return msgspec.structs.replace(made, **fields)
