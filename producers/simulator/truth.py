"""What is known about the simulated users and no model may see."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from producers.simulator import vocabulary as words
from producers.simulator.history import History
from producers.simulator.records import GONE, LIFE, STAGES
from producers.simulator.scenario import CAUSES

DAYTIME_NAMES: Final = ("office", "evening", "any")


class UserTruth(msgspec.Struct, frozen=True, kw_only=True):
    """One user. Times are milliseconds since 1970-01-01 UTC, absent where it did not happen within the span."""

    user_id: str
    signup: int | None
    """Absent for users from before the span."""
    sessions_per_week: float
    """Latent rate while nothing is wrong."""
    actions_per_session: float
    daytime: str
    weekend: float
    """Factor on the rate on Saturdays and Sundays."""
    channel: str
    geography: str
    platform: str
    features_known: int
    card_trouble: float
    """Probability that a charge is declined."""
    irritability: float
    """Probability of negative feedback in a session without open tickets."""
    appetite: float
    """Probability of a purchase in a session."""
    experiment: int | None
    """Assignment to the experiment; `treated` says to which variant."""
    treated: bool
    offer: int | None
    """Assignment to the offer or its holdout; `offered` says to which."""
    offered: bool
    decided: int | None
    """Begin of the day of the latest decision to leave."""
    left: int | None
    """True churn: the last sign of life before leaving for the first time."""
    cause: str | None
    """The driver that raised the hazard most when that was decided; `chance` if none raised it."""
    cancelled: int | None
    """First explicit cancellation."""
    returned: int | None
    """Begin of the day of the first return after leaving."""
    silent: int | None
    """First moment at which silence since the last sign of life, or since signup, reached `inactivity_days`."""
    away: int | None
    """Last sign of life of a user who has left and is away at the span's end."""
    state: str
    plan: str
    sessions: int
    events: int
    leaves: int
    returns: int


MOMENTS: Final = (
    "experiment_ms", "offer_ms", "decided_ms", "first_left_ms", "first_cancelled_ms", "first_returned_ms",
    "silent_ms",
)  # fmt: skip
"""Fields of a life that are times and stand in the truth."""


def settled(history: History, inactivity_days: float) -> NDArray[Any]:
    """The lives at the span's end (dtype `LIFE`; 0 means never), silence counted up to the end."""
    lives = history.lives.copy()
    due = lives["last_life"] + int(inactivity_days * 86_400_000)
    fell_silent = (lives["silent_ms"] == 0) & (lives["last_life"] > 0)
    lives["silent_ms"] = np.where(fell_silent, due, lives["silent_ms"])
    for name in MOMENTS:
        lives[name] = np.where(lives[name] < history.end_ms, lives[name], 0)
    assert lives.dtype == LIFE
    return lives


def rows(traits: NDArray[Any], lives: NDArray[Any], start_ms: int) -> Iterator[UserTruth]:
    """One row a user, in their order; `lives` as `settled` returns them."""
    for number in range(len(traits)):
        who, life = traits[number], lives[number]
        left = int(life["first_left_ms"])
        gone = life["stage"] == GONE
        yield UserTruth(
            user_id=words.user_id(number),
            signup=_signup(who, start_ms),
            sessions_per_week=float(who["rate"]),
            actions_per_session=float(who["length"]),
            daytime=DAYTIME_NAMES[who["daytime"]],
            weekend=float(who["weekend"]),
            channel=words.CHANNELS[who["channel"]],
            geography=words.GEOGRAPHIES[who["geography"]],
            platform=words.PLATFORMS[who["platform"]],
            features_known=int(who["breadth"]),
            card_trouble=float(who["card_trouble"]),
            irritability=float(who["irritability"]),
            appetite=float(who["appetite"]),
            experiment=_moment(life["experiment_ms"]),
            treated=bool(who["treated"]),
            offer=_moment(life["offer_ms"]),
            offered=bool(who["offered"]),
            decided=_moment(life["decided_ms"]),
            left=_moment(left),
            cause=CAUSES[life["first_cause"]] if left else None,
            cancelled=_moment(life["first_cancelled_ms"]),
            returned=_moment(life["first_returned_ms"]),
            silent=_moment(life["silent_ms"]),
            away=_moment(life["left_ms"]) if gone else None,
            state=STAGES[life["stage"]],
            plan=words.PLANS[life["plan"]],
            sessions=int(life["sessions"]),
            events=int(life["events"]),
            leaves=int(life["leaves"]),
            returns=int(life["returns"]),
        )


def _moment(time: Any) -> int | None:
    return int(time) or None


def _signup(who: Any, start_ms: int) -> int | None:
    day = int(who["signup_day"])
    return None if day < 0 else start_ms + day * 86_400_000 + int(who["signup_ms"])
