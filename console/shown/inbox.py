"""The inbox of alerts: what is asked for, what stands in a row, and which steps can be taken."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from console.shown.words import DASH, minute, money, percent, signed

STATES: Final = {
    "open": "Open",
    "acknowledged": "Acknowledged",
    "snoozed": "Snoozed",
    "resolved": "Resolved",
    "dismissed": "Dismissed",
    "expired": "Expired",
}
TIERS: Final = {"": "Both tiers", "high": "High", "medium": "Medium"}
LIVE: Final = ("open", "acknowledged", "snoozed")
"""States in which something can still be done."""
SNOOZES: Final = {1: "1 day", 3: "3 days", 7: "a week", 14: "two weeks", 30: "30 days"}
_DAY_MS: Final = 86_400_000


class Step(NamedTuple):
    """Something that can be done with an alert."""

    name: str
    """Last part of the path of its call."""
    words: str
    icon: str


ACKNOWLEDGE: Final = Step("acknowledge", "Acknowledge", "visibility")
SNOOZE: Final = Step("snooze", "Snooze", "snooze")
ASSIGN: Final = Step("assign", "Assign", "person_add")
RESOLVE: Final = Step("resolve", "Resolve", "check")
DISMISS: Final = Step("dismiss", "Dismiss", "block")


def steps(state: str) -> tuple[Step, ...]:
    """That an alert in this state offers."""
    if state not in LIVE:
        return ()
    first = (ACKNOWLEDGE,) if state == "open" else ()
    return (*first, SNOOZE, ASSIGN, RESOLVE, DISMISS)


def snoozed_until(now_ms: int, days: int) -> dict[str, int]:
    """Body of the call."""
    return {"until": now_ms + days * _DAY_MS}


def why(entry: Mapping[str, Any]) -> str:
    """In one sentence."""
    return str(entry["body"].get("why") or DASH)


class Shown(NamedTuple):
    """An alert as the inbox shows it."""

    id: str
    user: str
    tier: str
    state: str
    owner: str
    why: str
    facts: str
    action: str


def shown(entry: Mapping[str, Any]) -> Shown:
    """Of an entry of the feed.

    Args:
        entry: `number`, `event`, `alert`, `user`, `at`, and in `body` the alert as it is now.
    """
    body = entry["body"]
    facts = [f"raised {minute(entry['at'])}"]
    if body.get("risk") is not None:
        facts.append(f"risk {percent(body['risk'])}")
    if body.get("money_at_risk") is not None:
        facts.append(f"{money(body['money_at_risk'])} at risk")
    if body.get("gain") is not None:
        facts.append(f"a contact is expected to bring {signed(body['gain'])}")
    if body.get("urgent"):
        facts.append("urgent")
    return Shown(
        entry["alert"],
        entry["user"],
        body.get("tier", ""),
        body.get("state", "open"),
        body.get("owner") or "",
        why(entry),
        " · ".join(facts),
        body.get("action") or "",
    )


def history(steps_: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """What was done with an alert: when, what, by whom, and what was said."""
    return [
        (minute(one["at"]), one["what"], one["by"], one["reason"] or one["owner"] or minute(one["until"]))
        for one in steps_
    ]
