"""What people are shown of a user: risk, tier, reasons and features, computed at the partition's now."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from redis import Redis

from domain.catalogue import CATALOGUE, CODED
from domain.features import features
from domain.hashing import hashes_of
from domain.state import STATE, States
from domain.timers import at_risk_many
from feature_store import lookup
from feature_store.lookup import Facts
from feature_store.stream import Stream
from online_model.own_rhythm import Population
from online_model.risk import Risk
from online_model.tiers import Thresholds, Tier, tier_of


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """One user, as the command line and the API show it."""

    user: str
    risk: float | None
    """Probability of a loss within the horizon; None for users who are gone or had no session."""
    tier: Tier
    as_of: int
    """ms: the partition's clock, or the user's last event if that is later."""
    model: str
    """The version that serves this user; the baseline has a name of its own."""
    reasons: list[str]
    silence_days: float | None
    sessions: int


class Basis(NamedTuple):
    """By what users are judged."""

    risk: Risk
    population: Population
    horizon_ms: int
    thresholds: Thresholds


class Judged(NamedTuple):
    """Users of one partition with their risk."""

    facts: Facts
    nows: npt.NDArray[np.int64]
    """ms, shape (users,)."""
    hashes: npt.NDArray[np.uint64]
    risk: npt.NDArray[np.float64]
    """NaN for who is gone or had no session."""


def basis(store: Redis, stream: Stream, risk: Risk, horizon_ms: int, thresholds: Thresholds) -> Basis:
    """Of a deployment as it is now."""
    population = Population(*lookup.gaps(store, stream))
    return Basis(risk, population, horizon_ms, risk.thresholds or thresholds)


def judged(facts: Facts, by: Basis) -> Judged:
    """Risk of all users of `facts` as of now."""
    nows = np.maximum(facts.states["last_ms"], facts.clock)
    hashes = hashes_of(facts.users)
    return Judged(facts, nows, hashes, _risk(facts.states, nows, hashes, by))


def judged_together(parts: Sequence[Facts], by: Basis) -> list[Judged]:
    """`judged` for several partitions, in one pass over all users."""
    if len(parts) < 2:
        return [judged(part, by) for part in parts]
    counts = [len(part.users) for part in parts]
    states = np.empty(sum(counts), STATE)  # to concatenate records NumPy compares all their fields
    begin = 0
    for part, count in zip(parts, counts, strict=True):
        states[begin : begin + count] = part.states
        begin += count
    nows = np.maximum(states["last_ms"], np.repeat([part.clock for part in parts], counts))
    hashes = hashes_of([user for part in parts for user in part.users])
    risk = _risk(states, nows, hashes, by)
    found, begin = [], 0
    for part, count in zip(parts, counts, strict=True):
        here = slice(begin, begin + count)
        found.append(Judged(part, nows[here], hashes[here], risk[here]))
        begin += count
    return found


def _risk(
    states: States, nows: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64], by: Basis
) -> npt.NDArray[np.float64]:
    slots = np.flatnonzero(at_risk_many(states, np.arange(len(states))))
    risk = np.full(len(states), np.nan)
    risk[slots] = by.risk.of(states, slots, nows[slots], hashes[slots], by.population, by.horizon_ms)
    return risk


def view(found: Judged, slot: int, by: Basis, names: Mapping[int, str]) -> UserView:
    """One of the users.

    Args:
        names: of codes, for reasons in words.
    """
    state, now, risk = found.facts.states[slot], int(found.nows[slot]), float(found.risk[slot])
    here = not math.isnan(risk)
    hash_ = found.hashes[slot]
    why = (
        by.risk.reasons(found.facts.states, slot, now, hash_, by.population, by.horizon_ms, names)
        if here
        else []
    )
    last = int(state["last_active_ms"])
    return UserView(
        user=found.facts.users[slot],
        risk=risk if here else None,
        tier=tier_of(risk, by.thresholds) if here else "gone",
        as_of=now,
        model=by.risk.versions[int(by.risk.serving(found.hashes[slot : slot + 1])[0])],
        reasons=[reason.text for reason in why],
        silence_days=(now - last) / 86_400_000 if last else None,
        sessions=int(state["sessions"]),
    )


def named_features(store: Redis, stream: Stream, facts: Facts) -> dict[str, Any]:
    """Features of the first user of `facts` by name; codes as their names, unknown as None."""
    nows = np.maximum(facts.states["last_ms"], facts.clock)
    values = features(facts.states, np.array([0]), nows[:1])[0].tolist()
    names = lookup.names(store, stream, facts.partition)
    return {
        feature.name: shown_value(feature.name, value, names)
        for feature, value in zip(CATALOGUE, values, strict=True)
    }


def shown_value(feature: str, value: float, names: Mapping[int, str]) -> float | str | None:
    """A feature's value for people: a code as its name, unknown as None, whole numbers without a fraction."""
    if math.isnan(value):
        return None
    if feature in CODED:
        return names.get(int(value), f"#{int(value)}")
    return int(value) if value == int(value) else value


def top(store: Redis, stream: Stream, by: Basis, count: int) -> list[UserView]:
    """The users most at risk now.

    The ranking holds each risk as of the user's last visit, at most a week old and perhaps by another model; so many
    more candidates than wanted are scored afresh. Reasons are looked for only where they are shown.
    """
    candidates = max(20 * count, 2000) // stream.partitions + 1
    found: list[tuple[float, str, Judged, int]] = []
    for partition in range(stream.partitions):
        here = judged(lookup.most_at_risk(store, stream, partition, candidates), by)
        known = np.flatnonzero(~np.isnan(here.risk)).tolist()
        found += [(-float(here.risk[slot]), here.facts.users[slot], here, slot) for slot in known]
    first = sorted(found, key=lambda entry: entry[:2])[:count]
    names = {
        partition: lookup.names(store, stream, partition)
        for partition in {entry[2].facts.partition for entry in first}
    }
    return [view(here, slot, by, names[here.facts.partition]) for _, _, here, slot in first]
