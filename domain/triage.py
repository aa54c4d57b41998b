"""Which alerts are handed out, and when: ranked by what contacting is worth, under a daily budget.

**Rank.** Alerts go out in the order of ``probability · value``, those that are urgent first. That is the order of
``probability · chance of saving · value − cost``, since chance and cost are the same for all.

**Budget.** ``max(share · active users, least)`` alerts a day (UTC). It accrues evenly over the day: at a moment, so
much of it is free as of the day has passed, rounded up, so that the best alert of an evening still finds room. Urgent
ones may take all of the day's. What is left at midnight lapses.

**Holdout.** A share of users, by a hash of their id, is never alerted. Their alerts wait in the same queue and leave
it at the same moment, suppressed instead of released, and take nothing of the budget: so the holdout is a fair sample
of who would have been alerted.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
import xxhash

from domain.alert_life import TOP, AlertState
from domain.alerts import DAY_MS, Alert
from domain.control import Contact, OptOut

_HOLDOUT_SEED: Final = 0x686F6C64
"""Another hash than the one that spreads weekly instants and rollouts: the holdout is independent of both."""
_HASHES: Final = 1 << 64
_URGENT: Final = 1e12
"""Above any sum of money (`domain.events.MAX_AMOUNT` is 1e10)."""

Said = Contact | OptOut
"""What people have said of a user, as far as triage asks."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment's settings of triage; money in major units."""

    share: float = 0.01
    """Of the active users: alerts a day."""
    least: int = 1
    """Alerts a day, however few users there are."""
    quiet_ms: int = 14 * DAY_MS
    """A user is left alone for so long after a contact."""
    holdout: float = 0.1
    value: float = 200.0
    """What a lost user costs, where no spend is known."""
    cost: float = 50.0
    """Of a contact."""
    chance: float = 0.35
    """Of saving a user by a contact, until a holdout has measured it."""


class Worth(NamedTuple):
    """What an alert is about, in money."""

    value: float
    """Expected spend, or the deployment's value of a customer if none is known."""
    at_risk: float
    """``risk · value``."""
    gain: float
    """``risk · chance · value − cost``."""
    urgent: bool
    """A customer of the top tenth by value turns high."""

    @property
    def rank(self) -> float:
        """Greater is earlier."""
        return self.at_risk + (_URGENT if self.urgent else 0.0)


class Verdict(NamedTuple):
    """What becomes of a waiting alert."""

    alert: str
    what: Literal["released", "suppressed"]
    reason: str = ""


def in_holdout(user: str, share: float) -> bool:
    """Whether a user is never alerted: a pure function of id and share; a greater share keeps who was in it."""
    return xxhash.xxh3_64_intdigest(user.encode(), seed=_HOLDOUT_SEED) < share * _HASHES


def worth(alert: Alert, rules: Rules, chance: float, top: float) -> Worth:
    """What the alert is about.

    Args:
        chance: of saving, measured or guessed.
        top: expected spend from which a user is in the top tenth; inf while that is unknown.
    """
    value = alert.expected_spend if alert.expected_spend > 0 else rules.value
    at_risk = (alert.risk or 0.0) * value
    urgent = alert.tier == TOP and alert.expected_spend >= top
    return Worth(value, at_risk, at_risk * chance - rules.cost, urgent)


def unwanted(alert: Alert) -> str:
    """Why an alert is kept and never released; empty if it may be."""
    if alert.deliver:
        return ""
    return "held" if alert.held else "stale"


def left_alone(said: Sequence[Said], now: int, rules: Rules) -> str:
    """Why a user must not be alerted at `now` (ms); empty if nothing speaks against it.

    ``opted_out``, ``campaign:<name>``, or ``contacted``; the first of these.
    """
    reasons = {one.id for one in said if isinstance(one, OptOut) and (one.until == 0 or now < one.until)}
    if any(isinstance(one, Contact) and now - one.at < rules.quiet_ms for one in said):
        reasons.add("contacted")
    return min(reasons, key=lambda reason: (reason != "opted_out", reason == "contacted", reason), default="")


def budget(active: int, rules: Rules) -> int:
    """Alerts a day.

    Args:
        active: users at risk: those who have had a session and are not gone.
    """
    return max(int(rules.share * active), rules.least)


def accrued(now: int, a_day: int) -> int:
    """How many of a day's alerts may have been released by a moment (ms) of the day."""
    return min(a_day, math.ceil(a_day * (now % DAY_MS + 1) / DAY_MS))


def decide(
    waiting: Sequence[AlertState],
    said: Mapping[str, Sequence[Said]],
    now: int,
    spent: int,
    a_day: int,
    rules: Rules,
) -> list[Verdict]:
    """What becomes of waiting alerts at `now` (ms), in their order; who is not named waits on.

    Args:
        waiting: greatest rank first.
        said: by user.
        spent: alerts released since midnight.
    """
    verdicts: list[Verdict] = []
    free = accrued(now, a_day)
    for state in waiting:
        if not state.user:  # about a segment: told to all, and nobody is contacted for it
            verdicts.append(Verdict(state.id, "released"))
            continue
        if state.expires <= now:
            continue  # lapses
        if reason := left_alone(said.get(state.user, ()), now, rules):
            verdicts.append(Verdict(state.id, "suppressed", reason))
        elif spent >= (a_day if is_urgent(state) else free):
            continue
        elif in_holdout(state.user, rules.holdout):
            verdicts.append(Verdict(state.id, "suppressed", "holdout"))
        else:
            verdicts.append(Verdict(state.id, "released"))
            spent += 1
    return verdicts


def rank_of(state: AlertState) -> float:
    """As it was when the alert was raised; what is about a segment comes first."""
    return float(state.raised.get("rank", 0.0)) if state.user else math.inf


def is_urgent(state: AlertState) -> bool:
    """As it was when the alert was raised."""
    return bool(state.raised.get("urgent"))


def added(found: Worth, user: str, rules: Rules) -> dict[str, Any]:
    """What triage adds to the body of the step `raised`."""
    return {"rank": found.rank, "urgent": found.urgent, "holdout": in_holdout(user, rules.holdout)}
