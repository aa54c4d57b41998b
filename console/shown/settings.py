"""Keys, webhooks and thresholds as the settings show them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.shown.words import DASH, minute, money, percent

SCOPES: Final = {
    "read": "read: risk, profiles, rankings, results, the model",
    "alerts": "alerts: alerts and what is done with them, contacts, notes",
    "workspaces": "workspaces: files that are sent and trained on",
    "ingest": "ingest: pushing events",
    "admin": "admin: keys, webhooks, orders to the model, erasure",
}
DAYS: Final = {
    0: "until it is revoked",
    7: "for 7 days",
    30: "for 30 days",
    90: "for 90 days",
    365: "for a year",
}


def key_state(key: Mapping[str, Any], now_ms: int) -> str:
    """Whether it holds, and until when."""
    if key["revoked"] is not None:
        return f"revoked {minute(key['revoked'])}"
    if key["expires"] is None:
        return "holds"
    return f"{'holds until' if key['expires'] > now_ms else 'expired'} {minute(key['expires'])}"


def holds(key: Mapping[str, Any], now_ms: int) -> bool:
    """Whether it may be used."""
    return key["revoked"] is None and (key["expires"] is None or key["expires"] > now_ms)


def webhook_state(webhook: Mapping[str, Any]) -> str:
    """How its deliveries stand, in a sentence."""
    if webhook["state"] == "paused":
        why = {"off": "by a person", "gone": "its receiver has answered 410", "failing": "it failed for days"}
        stands = f"paused: {why.get(webhook['paused_why'], webhook['paused_why'])}"
    else:
        stands = {"closed": "delivers", "open": "rests after failures", "half_open": "tries again"}[
            webhook["state"]
        ]
    return f"{stands}; {webhook['waiting']:,} wait, {webhook['dead']:,} were given up"


def delivery_words(found: Mapping[str, Any]) -> str:
    """What came of a test delivery."""
    if found["delivered"]:
        return f"Delivered: answered {found['status']} within {found['ms']:,} ms."
    if found["status"] is not None:
        return f"Refused: answered {found['status']}."
    return f"Not delivered: {found['fault']}."


def threshold_rows(model: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Of each tier: where it begins, and how often its users were really lost.

    Args:
        model: `thresholds` and, once it is measured, `tiers`.
    """
    begins = {"high": model["thresholds"]["high"], "medium": model["thresholds"]["medium"], "low": 0.0}
    tiers = model.get("tiers") or {}
    return [(tier, percent(begin), _precision(tiers.get(tier))) for tier, begin in begins.items()]


def _precision(tier: Mapping[str, Any] | None) -> str:
    if not tier or tier.get("precision") is None:
        return DASH
    return f"{percent(tier['precision'])} ({percent(tier['low'])} to {percent(tier['high'])})"


def contact_words(contact: Mapping[str, Any] | None) -> str:
    """What a contact costs and brings, as the thresholds of actions take it."""
    if not contact:
        return ""
    return (
        f"A contact costs {money(contact['cost'])}, a kept customer is worth {money(contact['value'])} where nothing "
        f"else is known, and a contact saves {percent(contact['chance_of_saving'])} of those who would leave."
    )


def names(words: Sequence[str]) -> str:
    """In one line."""
    return ", ".join(words) or DASH
