"""The life of an alert: from its steps in the topic `control`, in their order, to what it is now.

The first step of an id wins, and the first outcome of triage: repeats, and steps that come too late, change nothing.
Steps of people are kept whatever the state.
"""

from typing import Any, Final, Literal

import msgspec

from domain.control import FeedEntry, FeedEvent, Step

State = Literal[
    "waiting", "suppressed", "open", "acknowledged", "snoozed", "resolved", "dismissed", "expired"
]

LIVE: Final[frozenset[State]] = frozenset({"open", "acknowledged", "snoozed"})
"""Handed out, and not done with."""
TOP: Final = "high"

_SEGMENT: Final = "churn_rate"


class AlertState(msgspec.Struct, frozen=True, kw_only=True):
    """An alert with all its steps, stored as JSON."""

    id: str
    user: str
    """Empty for an alert about a segment."""
    state: State
    raised: dict[str, Any]
    """Body of the step `raised`."""
    view: dict[str, Any] = {}
    """As people see it, of the step `released`."""
    owner: str = ""
    until: int = 0
    """ms: of the last snooze."""
    reason: str = ""
    """Why it is suppressed."""
    released: int = 0
    """ms; 0 for never."""
    numbers: tuple[int, ...] = ()
    """Of its entries in the feed."""
    steps: tuple[Step, ...] = ()
    """In the order of the topic; without their bodies."""

    @property
    def lapses(self) -> bool:
        """Whether it lapses at its expiry: nobody has taken it up."""
        return self.state == "waiting" or (
            self.state == "open"
            and not any(s.what in ("acknowledged", "snoozed", "assigned") for s in self.steps)
        )

    @property
    def expires(self) -> int:
        """ms."""
        return int(self.raised.get("expires", 0))

    @property
    def shown(self) -> dict[str, Any]:
        """As people see it now; of an alert that was never released the little that is known."""
        return (self.view or self.raised) | {"state": self.state, "owner": self.owner}


def stepped(before: AlertState | None, step: Step) -> AlertState | None:
    """The alert after a step: the same object if it changes nothing.

    Args:
        before: None if no step of the alert has come yet.
    """
    if before is None:
        if step.what != "raised":
            return None  # of an alert that was taken away
        bare = msgspec.structs.replace(step, body={})
        return AlertState(id=step.alert, user=step.user, state="waiting", raised=step.body, steps=(bare,))
    if any(known.id == step.id for known in before.steps) or not _counts(before, step):
        return before
    changes: dict[str, Any] = {"steps": (*before.steps, msgspec.structs.replace(step, body={}))}
    now = _state(before, step)
    if now is not None:
        changes["state"] = now
    if step.what == "released":
        changes |= {"view": step.body, "released": step.at}
    elif step.what == "suppressed":
        changes["reason"] = step.reason
    elif step.what == "snoozed" and now is not None:
        changes["until"] = step.until
    elif step.what == "assigned":
        changes["owner"] = step.owner
    return msgspec.structs.replace(before, **changes)


def entry(before: AlertState | None, after: AlertState, step: Step, number: int) -> FeedEntry | None:
    """What the step, which made `after` of `before`, tells readers of the feed; None for nothing."""
    event = _event(before, after, step)
    if event is None:
        return None
    body = after.shown
    if step.what == "resolved" and step.body:
        body |= {name: step.body[name] for name in ("risk", "tier") if name in step.body}
    return FeedEntry(number=number, event=event, alert=after.id, user=after.user, at=step.at, body=body)


def _counts(before: AlertState, step: Step) -> bool:
    """Whether a step of the processes comes in time; those of people always do."""
    match step.what:
        case "raised":
            return False
        case "suppressed" | "released":
            return before.state == "waiting"
        case "expired":
            return before.lapses
        case "returned":
            return before.state == "snoozed" and before.until <= step.at
        case _:
            return True


def _state(before: AlertState, step: Step) -> State | None:
    """The next state, None if it stays."""
    match step.what:
        case "suppressed":
            return "suppressed"
        case "expired":
            return "expired"
        case "released":
            return "open"
        case "returned":
            return "open"
        case "resolved" if before.state == "waiting" or before.state in LIVE:
            return "resolved"
        case "acknowledged" | "snoozed" | "dismissed" if before.state in LIVE:
            return step.what
        case _:
            return None


def _event(before: AlertState | None, after: AlertState, step: Step) -> FeedEvent | None:
    segment = after.raised.get("kind") == _SEGMENT
    if before is None or before is after:
        return None
    if step.what == "released":
        return "churn_rate.raised" if segment else "alert.raised"
    if step.what == "returned":
        return "alert.returned"
    if step.what == "resolved" and before.state in LIVE:
        return "churn_rate.resolved" if segment else "alert.resolved"
    return None
