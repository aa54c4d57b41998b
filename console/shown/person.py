"""One customer: reasons with their direction, history, and which features a what-if can move."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from console.shown.words import DASH, signed

SLIDERS: Final = 6
MOST_DAYS: Final = 90
_SILENCE: Final = "silence"
_OF_SILENCE: Final = ("days_since_last_session", "silence_over_gap")
"""The slider of days moves these already."""
_STEPS: Final = 100


class Knob(NamedTuple):
    """A slider for a feature."""

    name: str
    label: str
    unit: str
    value: float
    low: float
    high: float
    step: float


def knobs(features: Sequence[Mapping[str, Any]], weights: Mapping[str, float] | None = None) -> list[Knob]:
    """For the numbers that weigh most, heaviest first.

    Args:
        features: of the API's profile.
        weights: of features by name, where the profile has no contributions of its own.
    """
    heavy = weights or {f["name"]: f.get("contribution") or 0.0 for f in features}
    movable = [
        f
        for f in features
        if isinstance(f["value"], (int, float))
        and f["unit"] not in ("code", "month")
        and f["name"] not in _OF_SILENCE
    ]
    heaviest = sorted(movable, key=lambda f: -abs(heavy.get(f["name"], 0.0)))[:SLIDERS]
    return [_knob(feature) for feature in heaviest]


def _knob(feature: Mapping[str, Any]) -> Knob:
    value, unit, name = float(feature["value"]), feature["unit"], feature["name"]
    label = f"{feature['label']}, {feature['window']}" if feature["window"] else feature["label"]
    if unit == "1" and "trend" in name:
        low, high = -1.0, 1.0
    elif unit == "1" and 0 <= value <= 1:
        low, high = 0.0, 1.0
    else:
        low, high = min(0.0, value), _round_up(max(2 * value, 10.0))
    whole = value.is_integer() and unit not in ("1", "money", "min", "d")
    step = max(1.0, (high - low) // _STEPS) if whole else (high - low) / _STEPS
    return Knob(name, label, "" if unit == "1" else unit, value, low, high, step)


def _round_up(value: float) -> float:
    """To one leading digit."""
    size = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / size) * size


def changed(moved: Mapping[str, float], given: Sequence[Knob]) -> dict[str, float]:
    """Features of another value than they have, for the API's what-if."""
    had = {knob.name: knob.value for knob in given}
    return {name: value for name, value in moved.items() if value != had[name]}


def reason_rows(themes: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Reason, direction and log-odds, in the API's order."""
    return [
        (t["text"], f"{t['direction']} the risk", "" if t["weight"] is None else signed(t["weight"]))
        for t in themes
        if t["weight"] is None or abs(t["weight"]) >= 0.005
    ]


def moved_rows(features: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """What a what-if has changed: label, before, after, and what that adds to the log-odds; ten at most."""
    return [
        (f["label"], amount(f["before"]), amount(f["after"]), signed(f["contribution"], 3))
        for f in features[:10]
    ]


def amount(value: float | str | None) -> str:
    """A feature's value, rounded for people."""
    if value is None:
        return DASH
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def digits(score: float) -> str:
    """A probability with all digits that the API gives."""
    return repr(float(score))
