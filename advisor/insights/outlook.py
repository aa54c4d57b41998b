"""What is at risk, of whom, and who has come nearer to leaving since last week."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from online_model.quality.scored import Vector
from online_model.tiers import RANKED, Tier


class AtRisk(msgspec.Struct, frozen=True, kw_only=True):
    """The customers of a tier, or of all of them; money in the currency of the file."""

    tier: Tier | None
    """None for all."""
    customers: int
    would_leave: float
    """Expected number of them: the sum of their probabilities."""
    value: float
    """Of all of them, whether they leave or not."""
    at_risk: float
    """Σ probability · value."""
    recoverable: float
    """What of it contacting all of them would save: `at_risk` times the share saved, without what it costs."""


class Warned(NamedTuple):
    """Somebody who is in a higher tier than a week ago."""

    user: str
    before: Tier
    now: Tier
    probability_before: float
    probability: float
    at_risk: float


def at_risk(tiers: Sequence[str], probability: Vector, value: Vector, save_rate: float) -> list[AtRisk]:
    """All customers, and each tier of them from the highest on.

    Args:
        tiers: of each, shape (n,).
        probability: to leave within the horizon, shape (n,).
        value: what is lost with each, shape (n,).
        save_rate: share of those who would leave that a contact keeps.
    """
    named = np.asarray(tiers, object)
    members = {None: np.ones(len(value), bool)} | {tier: named == tier for tier in RANKED}
    found = []
    for tier, who in members.items():
        lost = float((probability[who] * value[who]).sum())
        found.append(
            AtRisk(
                tier=tier,
                customers=int(who.sum()),
                would_leave=float(probability[who].sum()),
                value=float(value[who].sum()),
                at_risk=lost,
                recoverable=save_rate * lost,
            )
        )
    return found


def warnings(customers: pa.Table) -> list[Warned]:
    """Who moved up, the most money at risk first.

    Args:
        customers: `user`, `tier`, `tier_week_ago`, `probability`, `probability_week_ago` (both null for who was not
            there yet) and `value_at_risk`.
    """
    known = customers.filter(pc.is_valid(customers["tier_week_ago"]))
    rank = {tier: at for at, tier in enumerate(RANKED)}
    found = [
        Warned(
            user=row["user"],
            before=row["tier_week_ago"],
            now=row["tier"],
            probability_before=row["probability_week_ago"],
            probability=row["probability"],
            at_risk=row["value_at_risk"],
        )
        for row in known.to_pylist()
        if rank.get(row["tier"], len(rank)) < rank.get(row["tier_week_ago"], len(rank))
    ]
    return sorted(found, key=lambda one: (-one.at_risk, one.user))
