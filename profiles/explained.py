"""What one user's risk is made of, theme by theme and feature by feature."""

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from domain.catalogue import NAMES
from domain.features import features
from online_model.explain.amounts import in_words
from online_model.explain.attribution import Attribution, odds_of
from online_model.explain.explain import explain
from online_model.explain.labels import LABELS
from online_model.explain.reasons import direction, reasons
from online_model.explain.themes import THEMES, theme_of
from online_model.learners.learner import Vector
from online_model.reasons import Reason
from online_model.tiers import Tier, tier_of
from online_model.training.contestants import BASELINE
from profiles.views import Basis, Judged


class GoneError(RuntimeError):
    """The user has no risk that could be explained."""


class ThemePart(msgspec.Struct, frozen=True, kw_only=True):
    """What all features of one theme add."""

    theme: str
    weight: float
    """Log-odds; positive raises the risk."""
    direction: str
    """``raises`` or ``lowers``."""
    error_at_most: float
    """Bound on the weight's standard error: the sum of its features' errors; 0 where the weight is exact."""
    text: str
    """What the user's numbers are."""


class FeaturePart(msgspec.Struct, frozen=True, kw_only=True):
    """What one feature adds."""

    feature: str
    label: str
    value: str
    """In words."""
    weight: float
    """Log-odds."""
    error: float
    """Standard error; 0 where the weight is exact."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `model explain`."""

    user: str
    as_of: int
    model: str
    contestant: str
    risk: float
    tier: Tier
    log_odds: float
    """Of the risk: `base` and the weights of all features, or of all themes, add up to it."""
    base: float | None
    """Log-odds of a user like the average; None for the baseline, whose reasons compare and do not add up."""
    exact: bool
    """Whether the weights are exact rather than sampled."""
    themes: list[ThemePart]
    """Heaviest first."""
    features: list[FeaturePart]
    """Heaviest first; those that add nothing are left out."""


def explained(found: Judged, slot: int, by: Basis, names: Mapping[int, str]) -> Explanation:
    """Of one user.

    Args:
        names: of codes.

    Raises:
        GoneError: the user is gone, or never had a session.
    """
    user, risk = found.facts.users[slot], float(found.risk[slot])
    if math.isnan(risk):
        raise GoneError(
            f"user {user!r} is gone or had no session, so there is no risk to explain "
            f"(`ebbwatch users show {user}` shows what is known)"
        )
    now, hash_ = int(found.nows[slot]), found.hashes[slot]
    which = int(by.risk.serving(found.hashes[slot : slot + 1])[0])
    contestant, pieces = BASELINE, list[FeaturePart]()
    attribution: Attribution | None = None
    if by.risk.parts:
        part = by.risk.parts[which]
        contestant = part.contestant
        x = features(found.facts.states, np.array([slot]), np.array([now]))
        # drawn as where reasons are served: the same weights
        (attribution,) = explain(part.scorer, x, part.background, np.random.default_rng(int(hash_)))
        pieces = _features(x[0], attribution, names)
        why: Sequence[Reason] = reasons(x[0], attribution, names, top=len(THEMES))
    else:
        why = by.risk.reasons(found.facts.states, slot, now, hash_, by.population, by.horizon_ms, names)
    errors = dict.fromkeys(THEMES, 0.0)
    for piece in pieces:
        errors[theme_of(piece.feature)] += piece.error
    return Explanation(
        user=user,
        as_of=now,
        model=by.risk.versions[which],
        contestant=contestant,
        risk=risk,
        tier=tier_of(risk, by.thresholds),
        log_odds=odds_of(risk),
        base=None if attribution is None else attribution.base,
        exact=attribution is None or not attribution.errors.any(),
        themes=[
            ThemePart(
                theme=reason.theme,
                weight=reason.weight,
                direction=direction(reason),
                error_at_most=errors[reason.theme],
                text=reason.text,
            )
            for reason in why
        ],
        features=pieces,
    )


def _features(x: Vector, found: Attribution, names: Mapping[int, str]) -> list[FeaturePart]:
    pieces = [
        FeaturePart(
            feature=name,
            label=LABELS[name],
            value=in_words(name, float(value), names),
            weight=float(weight),
            error=float(error),
        )
        for name, value, weight, error in zip(NAMES, x, found.parts, found.errors, strict=True)
        if weight != 0
    ]
    return sorted(pieces, key=lambda piece: (-abs(piece.weight), piece.feature))
