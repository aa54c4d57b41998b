"""Who leaves, in rules that people can say: the leaves of a small decision tree.

The tree (CART: Breiman et al. 1984, "Classification and Regression Trees") is grown on some snapshots and its rules
are counted on others, which it has not seen: what a rule says of them is what it will say of the next ones.
"""

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
from sklearn.tree import DecisionTreeClassifier

from domain.catalogue import CATALOGUE, INDEX, NAMES
from domain.labels import Matrix
from online_model.explain.amounts import in_words
from online_model.explain.labels import LABELS
from online_model.quality.intervals import wilson
from online_model.quality.scored import Bools

DEPTH: Final = 3
"""Conditions of a rule at most: more than three nobody keeps in mind."""
LEAST: Final = 20
"""Snapshots of a rule, or a twentieth of all if that is more."""
_ORDERED: Final = [i for i, f in enumerate(CATALOGUE) if f.kind != "category"]
"""Columns of which "more than" says something."""
_COUNTS: Final = frozenset(f.name for f in CATALOGUE if f.kind == "count")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Of one feature: above `low`, up to `high`."""

    feature: str
    low: float | None
    high: float | None
    unknown: bool
    """Whether it holds for whom the feature is not known."""
    text: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Of the snapshots that it was not grown on."""

    conditions: tuple[Condition, ...]
    text: str
    snapshots: int
    lost: int
    share: float | None
    """`lost` of `snapshots`; None of none."""
    low: float
    """95 % interval (Wilson)."""
    high: float
    lift: float | None
    """`share` as a multiple of the share lost of all; None where nobody was lost."""


def rules(x: Matrix, lost: Bools, counted: Bools, seed: int) -> list[Rule]:
    """Those that apply to different snapshots, which together are all; the most lost first.

    Args:
        x: raw features, shape (n, features of the catalogue); NaN is not known.
        lost: shape (n,).
        counted: which snapshots the rules are counted on; the tree is grown on the others. Shape (n,).
        seed: for ties of the tree.
    """
    grown = ~counted
    if not grown.any():
        return []
    least = max(LEAST, math.ceil(0.05 * int(grown.sum())))
    columns = x[:, _ORDERED]
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=least, random_state=seed)
    tree.fit(columns[grown], lost[grown])
    came = lost[counted]
    at = tree.apply(columns[counted]) if len(came) else came
    overall = float(came.mean()) if len(came) else 0.0
    found = [_rule(path, came[at == leaf], overall) for leaf, path in _leaves(tree.tree_, 0, {})]
    return sorted(found, key=lambda rule: (-(rule.share if rule.share is not None else -1.0), rule.text))


class _Bounds(NamedTuple):
    low: float | None
    high: float | None
    unknown: bool


_Path = dict[int, _Bounds]


def _leaves(tree: Any, node: int, path: _Path) -> Iterator[tuple[int, _Path]]:
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    if left == right:
        yield node, path
        return
    column, cut = int(tree.feature[node]), float(tree.threshold[node])
    before = path.get(column, _Bounds(None, None, True))
    unknown_left = bool(tree.missing_go_to_left[node])
    yield from _leaves(
        tree, left, {**path, column: _Bounds(before.low, cut, before.unknown and unknown_left)}
    )
    yield from _leaves(
        tree, right, {**path, column: _Bounds(cut, before.high, before.unknown and not unknown_left)}
    )


def _rule(path: _Path, came: Bools, overall: float) -> Rule:
    conditions = tuple(_condition(NAMES[_ORDERED[column]], bounds) for column, bounds in path.items())
    lost, count = int(came.sum()), len(came)
    low, high = wilson(lost, count) if count else (0.0, 1.0)
    share = lost / count if count else None
    return Rule(
        conditions=conditions,
        text=" and ".join(condition.text for condition in conditions) or "everybody",
        snapshots=count,
        lost=lost,
        share=share,
        low=low,
        high=high,
        lift=share / overall if share is not None and overall > 0 else None,
    )


def _condition(feature: str, bounds: _Bounds) -> Condition:
    low, high, unknown = bounds
    text = f"{LABELS[feature]} {_range(feature, low, high)}"
    return Condition(
        feature=feature,
        low=low,
        high=high,
        unknown=unknown,
        text=f"{text} (or not known)" if unknown else text,
    )


def _range(feature: str, low: float | None, high: float | None) -> str:
    if feature in _COUNTS:  # cuts lie between whole numbers
        least = None if low is None else _said(feature, math.floor(low) + 1)
        most = None if high is None else _said(feature, math.floor(high))
        if least is not None and least == most:
            return f"exactly {least}"
        parts = [f"at least {least}" if least else "", f"at most {most}" if most else ""]
    else:
        above = None if low is None else _said(feature, low)
        most = None if high is None else _said(feature, high)
        parts = [f"more than {above}" if above else "", f"at most {most}" if most else ""]
    return " and ".join(filter(None, parts))


def _said(feature: str, value: float) -> str:
    if CATALOGUE[INDEX[feature]].unit == "d" and value >= 2:
        return f"{value:.1f} days".replace(".0 days", " days")
    return in_words(feature, value, {})
