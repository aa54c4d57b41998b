"""Why the baseline ranks a user where it does, in words, with what each reason weighs."""

import math
from typing import NamedTuple

import numpy as np

from domain.state import States
from online_model.own_rhythm import Population, risk_of, risks

_DAY_MS = 86_400_000.0


class Reason(NamedTuple):
    """One reason."""

    text: str
    weight: float
    """Change of the risk's log-odds that it stands for; positive raises the risk."""
    theme: str = ""
    """What it is about, for the table of recommended actions."""


def reasons(states: States, slot: int, now_ms: int, population: Population, horizon_ms: int) -> list[Reason]:
    """Reasons for the risk of one user with a session, heaviest first.

    Each compares the risk with what it would be if that one thing were otherwise: the user active right now,
    the user of nobody's habits but the population's.
    """
    u = states[slot]
    now = max(now_ms, int(u["last_active_ms"]))
    at, nows = np.array([slot]), np.array([now])
    risk = float(risks(states, at, nows, population, horizon_ms)[0])
    awake = float(risks(states, at, np.array([u["last_active_ms"]]), population, horizon_ms)[0])
    silence = (now - int(u["last_active_ms"])) / _DAY_MS
    mean = population.mean_gap_days()
    unknown = risk_of(0.0, 0.0, silence, mean, horizon_ms / _DAY_MS)
    found = [
        Reason(_silence(silence, u, mean), _log_odds(risk) - _log_odds(awake), "silence"),
        Reason(_habit(u, mean), _log_odds(risk) - _log_odds(unknown), "rhythm"),
    ]
    return sorted(found, key=lambda r: -abs(r.weight))


def _silence(silence: float, u: np.void, mean: float) -> str:
    if u["gap_count"] == 0:
        return f"no session for {_days(silence)}; users here usually come back after {_days(mean)}"
    own = int(u["gap_sum_s"]) / 86_400 / int(u["gap_count"])
    return f"no session for {_days(silence)}; the usual gap is {_days(own)}"


def _habit(u: np.void, mean: float) -> str:
    sessions = int(u["sessions"])
    if sessions == 1:
        return "only one session so far, so no habit is known yet"
    own = int(u["gap_sum_s"]) / 86_400 / int(u["gap_count"])
    return f"{sessions:,} sessions so far, one every {_days(own)}; all users: every {_days(mean)}"


def _days(days: float) -> str:
    if days < 1 / 24:
        return f"{max(round(days * 1440), 1)} min"
    if days < 2:
        hours = round(days * 24)
        return f"{hours} hour" if hours == 1 else f"{hours} hours"
    return f"{days:.0f} days"


def _log_odds(risk: float) -> float:
    bounded = min(max(risk, 1e-12), 1 - 1e-12)
    return math.log(bounded / (1 - bounded))
