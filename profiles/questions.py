"""Questions about users who are not in the stream, or not as they are: features in, score out, and what moved it."""

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from domain.calendar import DAY_MS
from domain.catalogue import CODED, INDEX, NAMES
from domain.columns import code_of
from domain.features import features
from domain.labels import FEATURES
from online_model.explain.amounts import known
from online_model.explain.attribution import Attribution, log_odds, odds_of
from online_model.explain.explain import explain
from online_model.explain.labels import LABELS
from online_model.explain.reasons import changes, reasons
from online_model.learners.learner import Matrix, Scorer, Vector
from online_model.learners.own_rhythm import OwnRhythmScorer, formula
from online_model.risk import Part
from online_model.tiers import Tier, tier_of
from profiles.answers import Judge, serving_of
from profiles.views import Judged, shown_value

Given = Mapping[str, float | str | None]
"""Features by name: numbers, names for codes, None for unknown."""


class UnfitFeatureError(ValueError):
    """A feature that the catalogue does not have, or a value that it cannot have."""

    def __init__(self, feature: str, why: str) -> None:
        super().__init__(why)
        self.feature = feature


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """Score of features that came from outside."""

    score: float
    tier: Tier
    log_odds: float
    model: str
    calibrated: bool
    reasons: list[str]
    """Of one prediction the three strongest; empty in a batch, and while the baseline serves."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A user's score."""

    score: float
    tier: Tier
    log_odds: float


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What one theme has changed."""

    theme: str
    text: str
    weight: float
    """Log-odds."""


class FeatureMoved(msgspec.Struct, frozen=True, kw_only=True):
    """A feature of another value, or of another contribution."""

    name: str
    label: str
    before: float | str | None
    after: float | str | None
    contribution: float | None
    """Change of what it adds, log-odds; null while the baseline serves."""


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """A user as the user is, and as the user would be."""

    user: str
    as_of: int
    silent_days: float
    model: str
    calibrated: bool
    exact: bool
    """Whether contributions are exact rather than sampled."""
    gone: bool
    """Whether the user would count as gone by then; the score says what it would be all the same."""
    before: Standing
    after: Standing
    moved: list[Moved]
    """Heaviest first; at most three."""
    features: list[FeatureMoved]
    """Heaviest first; the changes of all contributions add up to the change of the log-odds."""


def vector(given: Given, start: Vector | None = None) -> Vector:
    """Features in the order of the catalogue, shape (features,).

    Args:
        given: what is known, or what is changed.
        start: where it is changed; else all that is not given is unknown.

    Raises:
        UnfitFeatureError: says which feature, and why.
    """
    x = np.full(FEATURES, np.nan) if start is None else start.copy()
    for name, value in given.items():
        if name not in INDEX:
            raise UnfitFeatureError(name, "no feature of the catalogue")
        x[INDEX[name]] = _number(name, value)
    return x


def predicted(x: Matrix, hashes: Sequence[int | None], here: Judge) -> list[Predicted]:
    """Scores of rows.

    Args:
        x: shape (n, features).
        hashes: of the users, who are served by what serves them; None, and what serves most users is asked.
    """
    found: list[Predicted | None] = [None] * len(x)
    serving = [_part(hash_, here) for hash_ in hashes]
    for which in set(serving):
        rows = [row for row, served in enumerate(serving) if served == which]
        scores = _scorer(which, here).score(x[rows])
        for row, score, odds in zip(rows, scores.tolist(), log_odds(scores).tolist(), strict=True):
            found[row] = Predicted(
                score=score,
                tier=tier_of(score, here.by.thresholds),
                log_odds=odds,
                model=here.by.risk.versions[which],
                calibrated=here.calibrated[which],
                reasons=[],
            )
    return [one for one in found if one is not None]


def with_words(
    one: Predicted, x: Vector, hash_: int | None, names: Mapping[int, str], here: Judge
) -> Predicted:
    """The same with reasons."""
    if not here.by.risk.parts:
        return one
    (found,) = _attributed(here.by.risk.parts[_part(hash_, here)], x[None], hash_ or 1)
    return msgspec.structs.replace(one, reasons=[reason.text for reason in reasons(x, found, names)])


def what_if(
    found: Judged,
    slot: int,
    here: Judge,
    names: Mapping[int, str],
    silent_days: float,
    changed: Given,
    inactivity_ms: int,
) -> WhatIf:
    """A user after so many days without a sign of life, and with other features.

    What follows from a changed feature is not changed with it: who doubles a mean doubles the mean alone.

    Args:
        found: the user must be at risk.
        names: of codes; those that are given by name are added.
        silent_days: not negative.
        inactivity_ms: silence that makes a user gone.

    Raises:
        UnfitFeatureError: of `changed`.
    """
    by, states, now = here.by, found.facts.states, int(found.nows[slot])
    which = serving_of(found, slot, here)
    later = now + round(silent_days * DAY_MS)
    slots = np.array([slot])
    at = np.array([now, later])
    x = features(states, np.array([slot, slot]), at)
    silent = x[1].copy()
    x[1] = vector(changed, x[1])
    named = dict(names) | {code_of(v): v for n, v in changed.items() if n in CODED and isinstance(v, str)}
    before = float(found.risk[slot])
    hash_ = found.hashes[slot : slot + 1]
    parts: Vector | None = None
    exact, moved = True, list[Moved]()
    if by.risk.parts:
        after = float(by.risk.score(x[1:], hash_)[0])
        old, new = _attributed(by.risk.parts[which], x, int(hash_[0]))
        exact = not old.errors.any()
        parts = new.parts - old.parts
        moved = [
            Moved(theme=reason.theme, text=reason.text, weight=reason.weight)
            for reason in changes((x[0], old), (x[1], new), named)
        ]
    else:
        alone = float(by.risk.of(states, slots, at[1:], hash_, by.population, by.horizon_ms)[0])
        after = alone
        if changed:  # the baseline's formula needs the record; what features change is told by them alone
            odds = log_odds(_scorer(0, here).score(np.stack([silent, x[1]])))
            after = _sigmoid(odds_of(alone) + float(odds[1] - odds[0]))
    last = int(states["last_active_ms"][slot])
    return WhatIf(
        user=found.facts.users[slot],
        as_of=now,
        silent_days=silent_days,
        model=by.risk.versions[which],
        calibrated=here.calibrated[which],
        exact=exact,
        gone=later - last >= inactivity_ms,
        before=_standing(before, here),
        after=_standing(after, here),
        moved=moved,
        features=_moved(x, parts, named),
    )


def _moved(x: Matrix, parts: Vector | None, names: Mapping[int, str]) -> list[FeatureMoved]:
    same = (x[0] == x[1]) | (np.isnan(x[0]) & np.isnan(x[1]))
    other = ~same if parts is None else ~same | (parts != 0)
    weights = np.zeros(FEATURES) if parts is None else parts
    order = sorted(np.flatnonzero(other).tolist(), key=lambda place: (-abs(weights[place]), NAMES[place]))
    return [
        FeatureMoved(
            name=NAMES[place],
            label=LABELS[NAMES[place]],
            before=shown_value(NAMES[place], float(x[0, place]), names),
            after=shown_value(NAMES[place], float(x[1, place]), names),
            contribution=None if parts is None else float(parts[place]),
        )
        for place in order
    ]


def _attributed(part: Part, x: Matrix, hash_: int) -> list[Attribution]:
    """Each row drawn alike, and as where reasons are served."""
    found = []
    for row in x:
        found += explain(part.scorer, row[None], part.background, np.random.default_rng(hash_))
    return found


def _part(hash_: int | None, here: Judge) -> int:
    risk = here.by.risk
    if hash_ is None:
        shares = [part.share for part in risk.parts]
        return shares.index(max(shares)) if shares else 0
    return int(risk.serving(np.array([hash_], np.uint64))[0])


def _scorer(which: int, here: Judge) -> Scorer:
    """Of features alone: the baseline with its formula's approximation, which needs no record."""
    by = here.by
    if by.risk.parts:
        return by.risk.parts[which].scorer
    return OwnRhythmScorer(formula(by.population.mean_gap_days(), by.horizon_ms))


def _number(name: str, value: float | str | None) -> float:
    if value is None:
        return math.nan
    if isinstance(value, str):
        if name not in CODED:
            raise UnfitFeatureError(name, "must be a number, or null for unknown")
        return float(code_of(value))
    number = float(value)
    if not known(name, number):
        raise UnfitFeatureError(name, "no value that this feature can have")
    return number


def _standing(score: float, here: Judge) -> Standing:
    return Standing(score=score, tier=tier_of(score, here.by.thresholds), log_odds=odds_of(score))


def _sigmoid(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))
