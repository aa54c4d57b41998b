"""The top reasons for a user's risk, and what changed since the last score."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.catalogue import NAMES
from online_model.explain.amounts import in_words
from online_model.explain.attribution import Attribution
from online_model.explain.labels import LABELS
from online_model.explain.themes import THEMES, theme_of
from online_model.explain.words import User, sentence
from online_model.learners.learner import Vector
from online_model.reasons import Reason

TOP: Final = 3
OTHER_MODEL: Final = "model"
"""Theme of what another version of the model changed."""
_LEAST: Final = 1e-9


class Weighed(NamedTuple):
    """What one theme adds."""

    theme: str
    weight: float
    """Log-odds: the sum of the parts of its features."""
    feature: int
    """Catalogue index of the one that adds most in the same direction."""


_THEME: Final = np.array([THEMES.index(theme_of(name)) for name in NAMES])
_FEATURES: Final = [np.flatnonzero(theme == _THEME) for theme in range(len(THEMES))]


def by_theme(parts: Vector, top: int = len(THEMES)) -> list[Weighed]:
    """Themes by what they add, heaviest first; those that add nothing are left out.

    Args:
        parts: log-odds by feature of the catalogue.
        top: at most so many.
    """
    sums = np.bincount(_THEME, parts, minlength=len(THEMES)).tolist()
    order = sorted(range(len(THEMES)), key=lambda theme: (-abs(sums[theme]), THEMES[theme]))
    found = []
    for theme in order[:top]:
        weight = sums[theme]
        if abs(weight) > _LEAST:
            members = _FEATURES[theme]
            own = parts[members]
            helping = (own if weight > 0 else -own).argmax()
            found.append(Weighed(THEMES[theme], weight, int(members[helping])))
    return found


def reasons(x: Vector, attribution: Attribution, names: Mapping[int, str], top: int = TOP) -> list[Reason]:
    """Reasons for one user's risk, heaviest first, one for each theme.

    Args:
        x: raw features, shape (features,).
        names: of codes.
        top: at most so many.
    """
    user = User(x, names)
    return [
        Reason(sentence(NAMES[w.feature], user), w.weight, w.theme) for w in by_theme(attribution.parts, top)
    ]


def direction(reason: Reason) -> str:
    """``raises`` or ``lowers``."""
    return "raises" if reason.weight > 0 else "lowers"


def changes(
    before: tuple[Vector, Attribution],
    now: tuple[Vector, Attribution],
    names: Mapping[int, str],
    served_before: float | None = None,
    top: int = TOP,
) -> list[Reason]:
    """What moved a user's risk since the last score, heaviest first; a weight is the change of the log-odds.

    Both attributions are of the model that serves now, so that what differs comes from the user alone.

    Args:
        before: raw features of then, and what they add.
        now: those of now.
        served_before: log-odds that were served then; what the present model says otherwise about the features of
            then is told as a change of its own.
    """
    old, new = before[1].parts, now[1].parts
    moved = np.where(_same(before[0], now[0]), 0.0, new - old)
    found = [Reason(_moved(w, before[0], now[0], names), w.weight, w.theme) for w in by_theme(moved)]
    if served_before is not None:
        of_model = float(before[1].base + old.sum()) - served_before
        if abs(of_model) > _LEAST:
            found.append(Reason("another version of the model", of_model, OTHER_MODEL))
    return sorted(found, key=lambda r: (-abs(r.weight), r.theme))[:top]


def _moved(weighed: Weighed, before: Vector, now: Vector, names: Mapping[int, str]) -> str:
    feature = NAMES[weighed.feature]
    old, new = (in_words(feature, float(x[weighed.feature]), names) for x in (before, now))
    if old == new:
        return f"{LABELS[feature]}: about {new} as before"
    return f"{LABELS[feature]}: {old} → {new}"


def _same(before: Vector, now: Vector) -> npt.NDArray[np.bool_]:
    return np.asarray((before == now) | (np.isnan(before) & np.isnan(now)))
