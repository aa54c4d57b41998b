"""What people are shown of a user: risk, tier, reasons and features, computed at the partition's now."""

import math
from typing import Any

import msgspec
import numpy as np
from redis import Redis

from domain.catalogue import CATALOGUE, CODED
from domain.features import features
from domain.settings import FactSettings
from domain.timers import at_risk_many
from feature_store import lookup
from feature_store.lookup import Facts
from feature_store.stream import Stream
from online_model import own_rhythm
from online_model.own_rhythm import Population
from online_model.reasons import reasons
from online_model.tiers import Thresholds, Tier, tier_of


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """One user, as the command line and the API show it."""

    user: str
    risk: float | None
    """Probability of no session within the horizon; None for users who are gone or had no session."""
    tier: Tier
    as_of: int
    """ms: the partition's clock, or the user's last event if that is later."""
    model: str
    reasons: list[str]
    silence_days: float | None
    sessions: int


def view(
    facts: Facts, population: Population, settings: FactSettings, thresholds: Thresholds
) -> list[UserView]:
    """Views of all users of `facts`, in their order."""
    slots = np.arange(len(facts.users))
    nows = np.maximum(facts.states["last_ms"], facts.clock)
    risky = at_risk_many(facts.states, slots)
    risk = own_rhythm.risks(facts.states, slots, nows, population, settings.horizon_ms)
    views = []
    for slot, name in enumerate(facts.users):
        now, state = int(nows[slot]), facts.states[slot]
        here = bool(risky[slot])
        why = reasons(facts.states, slot, now, population, settings.horizon_ms) if here else []
        last = int(state["last_active_ms"])
        views.append(
            UserView(
                user=name,
                risk=float(risk[slot]) if here else None,
                tier=tier_of(float(risk[slot]), thresholds) if here else "gone",
                as_of=now,
                model=f"{own_rhythm.NAME}-{own_rhythm.VERSION}",
                reasons=[reason.text for reason in why],
                silence_days=(now - last) / 86_400_000 if last else None,
                sessions=int(state["sessions"]),
            )
        )
    return views


def named_features(store: Redis, stream: Stream, facts: Facts) -> dict[str, Any]:
    """Features of the first user of `facts` by name; codes as their names, unknown as None."""
    nows = np.maximum(facts.states["last_ms"], facts.clock)
    values = features(facts.states, np.array([0]), nows[:1])[0].tolist()
    names = lookup.names(store, stream, facts.partition)
    shown: dict[str, Any] = {}
    for feature, value in zip(CATALOGUE, values, strict=True):
        if math.isnan(value):
            shown[feature.name] = None
        elif feature.name in CODED:
            shown[feature.name] = names.get(int(value), f"#{int(value)}")
        else:
            shown[feature.name] = int(value) if value == int(value) else value
    return shown


def top(
    store: Redis, stream: Stream, settings: FactSettings, thresholds: Thresholds, count: int
) -> list[UserView]:
    """The users most at risk now.

    The ranking holds each risk as of the user's last visit, at most a week old; so many more candidates than
    wanted are scored afresh.
    """
    candidates = max(20 * count, 2000) // stream.partitions + 1
    population = Population(*lookup.gaps(store, stream))
    views: list[UserView] = []
    for partition in range(stream.partitions):
        facts = lookup.most_at_risk(store, stream, partition, candidates)
        views += [v for v in view(facts, population, settings, thresholds) if v.risk is not None]
    return sorted(views, key=lambda v: (-(v.risk or 0.0), v.user))[:count]
