"""Every contestant on every part of a set of examples."""

from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np

from online_model.quality.metrics import CONTACT, Metrics, judged
from online_model.quality.ranking import Ranked, ranked
from online_model.quality.scored import Bools, Scored, Vector
from online_model.quality.slices import ALL, slices
from online_model.thresholds import Contact
from online_model.tiers import Thresholds, Tier, TierPrecision, precision_of_tiers

TIERS: Final = Thresholds()


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant."""

    parts: dict[str, Metrics]
    """By part (`online_model.quality.slices`), all examples alike; ``all`` comes with the reliability curve."""
    fading: dict[str, Metrics]
    """The same with older examples fading out; empty where it was not asked for."""
    tiers: dict[Tier, TierPrecision]


def judge(
    scored: Scored,
    weights: Vector,
    contestants: Iterable[str] | None = None,
    *,
    fading: Vector | None = None,
    contact: Contact = CONTACT,
    thresholds: Thresholds = TIERS,
    paired: bool = False,
) -> dict[str, Judgement]:
    """Judge contestants by name, each on the examples that it has predicted.

    Args:
        weights: what each example counts, shape (n,) (`online_model.quality.untreated`).
        contestants: all if left out; unknown names have no examples.
        fading: positive factors, shape (n,), for a second judgement.
        thresholds: of the tiers.
        paired: judge all on the examples that every one of them has predicted, so that they can be compared.
    """
    names = sorted(scored.predictions if contestants is None else contestants)
    nothing = np.full(scored.examples, np.nan)
    said = {name: scored.predictions.get(name, nothing) for name in names}
    if paired and said:
        weights = np.where(np.all([np.isfinite(p) for p in said.values()], axis=0), weights, 0.0)
    parts = slices(scored)
    found = {}
    for name, p in said.items():
        r = ranked(p, scored.lost, weights)
        found[name] = Judgement(
            parts=_by_part(r, parts, contact),
            fading={} if fading is None else _by_part(r.times(fading[r.rows]), parts, contact),
            tiers=precision_of_tiers(scored.lost, p, thresholds, weights),
        )
    return found


def _by_part(r: Ranked, parts: dict[str, Bools], contact: Contact) -> dict[str, Metrics]:
    return {
        part: judged(r if part == ALL else r.among(np.flatnonzero(mask[r.rows])), contact, curve=part == ALL)
        for part, mask in parts.items()
    }
