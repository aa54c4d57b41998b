"""Users whose tier has changed: what a CRM takes over, one row a user."""

from typing import Any

import msgspec

from domain.control import Step


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The last change of a user that raised or resolved an alert."""

    number: int
    """Offset in `control`: only grows, and is the same after a rebuild."""
    user: str
    score: float | None
    """Risk; None for who is gone."""
    tier: str
    reason: str
    """The heaviest in words; empty where the risk has fallen."""
    as_of: int
    """ms."""


def change(raised: dict[str, Any], step: Step, number: int) -> Change | None:
    """What a step says of its user's tier; None for nothing, and for users of the holdout, whom nobody shall treat.

    Args:
        raised: body of the alert's step `raised`.
    """
    body = step.body
    if (
        step.what not in ("raised", "resolved")
        or "tier" not in body
        or not step.user
        or raised.get("holdout")
    ):
        return None
    reasons = body.get("reasons") or [""]
    return Change(
        number=number,
        user=step.user,
        score=body.get("risk"),
        tier=body["tier"],
        reason=reasons[0],
        as_of=body["time"],
    )
