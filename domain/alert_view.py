"""An alert as people see it: one sentence, three reasons, money, what to do, where to look."""

from typing import Any, Final
from urllib.parse import quote

from domain.alerts import Alert
from domain.triage import Worth

_REASONS: Final = 3


def sentence(alert: Alert) -> str:
    """Why, in one sentence."""
    risk = f"{(alert.risk or 0.0):.0%}".replace("%", " %")
    before = "" if alert.risk_before is None else f" from {alert.risk_before:.0%}".replace("%", " %")
    why = f": {alert.reasons[0]}" if alert.reasons else ""
    return f"The risk of losing this user has risen{before} to {risk}{why}."


def profile_link(user: str, public_url: str) -> str:
    """Where the user's profile is; only a path without the API's address."""
    return f"{public_url.rstrip('/')}/v1/users/{quote(user, safe='')}"


def view(alert: Alert, found: Worth, public_url: str) -> dict[str, Any]:
    """Body of the step `released`, of the feed's entry, of a webhook; times in ms, money in major units."""
    return {
        "id": alert.id,
        "user": alert.user,
        "tier": alert.tier,
        "tier_before": alert.tier_before,
        "risk": alert.risk,
        "risk_before": alert.risk_before,
        "why": sentence(alert),
        "reasons": alert.reasons[:_REASONS],
        "money_at_risk": round(found.at_risk, 2),
        "gain": round(found.gain, 2),
        "urgent": found.urgent,
        "action": alert.action,
        "link": profile_link(alert.user, public_url),
        "model": alert.model,
        "as_of": alert.time,
        "expires": alert.expires,
    }
