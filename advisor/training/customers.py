"""Every customer as of the end of the file: how likely to leave, why, and what would be lost."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import xxhash

from advisor.training.replayed import WEEK_DAYS, Replayed
from domain.calendar import DAY_MS
from domain.catalogue import INDEX
from domain.features import features
from domain.labels import FEATURES, Matrix
from online_model.explain.explain import explain
from online_model.explain.reasons import direction, reasons
from online_model.learners.learner import NotAdditiveError, Scorer
from online_model.quality.scored import Vector
from online_model.tiers import Thresholds, tier_of

GONE: Final = "gone"
DRIVERS: Final = 5
EXPLAINED: Final = 300
"""Customers whose drivers are told where they are sampled (some 20 a second): those with the most money at risk."""

_DRIVER: Final = pa.struct(
    [("text", pa.string()), ("theme", pa.string()), ("weight", pa.float64()), ("direction", pa.string())]
)
SCHEMA: Final = pa.schema(
    [
        pa.field("user", pa.string(), nullable=False),
        pa.field("tier", pa.string(), nullable=False),  # high, medium, low; gone: silent for too long
        pa.field("probability", pa.float64()),  # of leaving within the horizon; null of who is gone
        pa.field("tier_week_ago", pa.string()),  # null of who was not there, or gone
        pa.field("probability_week_ago", pa.float64()),
        pa.field("segment", pa.string(), nullable=False),  # kind of customer (advisor.insights.segmentation)
        pa.field("last_purchase_ms", pa.int64()),
        pa.field("silence_days", pa.float64(), nullable=False),
        pa.field("tenure_days", pa.float64(), nullable=False),
        pa.field("orders", pa.int64(), nullable=False),
        pa.field("revenue", pa.float64(), nullable=False),  # purchases less refunds, money of the file
        pa.field("value", pa.float64(), nullable=False),  # of the last 26 weeks, net, not below 0
        pa.field("value_at_risk", pa.float64()),  # probability · value
        pa.field("drivers", pa.list_(_DRIVER)),  # heaviest first; weights in log-odds
    ]
)  # fmt: skip


def features_at_the_end(replayed: Replayed) -> tuple[list[str], Matrix]:
    """Everybody who has been active, and their features at the moment of the last event, shape (n, FEATURES)."""
    known = replayed.watched.offline
    states = known.states[: len(known.users)]
    slots = np.flatnonzero(states["sessions"] > 0)
    x = features(known.states, slots, np.full(len(slots), replayed.last_ms, np.int64))
    return [known.users[slot] for slot in slots.tolist()], x


def customers(
    replayed: Replayed,
    scorer: Scorer,
    thresholds: Thresholds,
    seed: int,
    names: Mapping[int, str],
    segments: Mapping[str, str],
) -> pa.Table:
    """
    Args:
        scorer: what serves.
        seed: of what is sampled.
        names: of codes, for drivers in words.
        segments: of everybody.

    Returns:
        Rows of `SCHEMA`, the most money at risk first, those who are gone last.
    """
    known, end = replayed.watched.offline, replayed.last_ms
    users, x = features_at_the_end(replayed)
    slots = {user: slot for slot, user in enumerate(known.users)}
    rows_of = [slots[user] for user in users]
    last_active, last_purchase = (
        known.states[name][rows_of] for name in ("last_active_ms", "last_purchase_ms")
    )
    silence = (end - last_active) / DAY_MS
    there = silence * DAY_MS < replayed.facts.inactivity_ms
    probability = np.where(there, scorer.score(x) if len(x) else np.zeros(0), np.nan)
    spent, refunded = (np.nan_to_num(x[:, INDEX[name]]) for name in ("spend_26w", "refunded_26w"))
    value = np.maximum(spent - refunded, 0.0)
    at_risk = probability * value
    order = sorted(
        range(len(users)), key=lambda n: (not there[n], -at_risk[n] if there[n] else 0.0, users[n])
    )
    told = _drivers(scorer, x, [n for n in order if there[n]], replayed.watched.population, seed, names)
    before = _week_ago(replayed, scorer)
    spent, refunded = (np.nan_to_num(x[:, INDEX[name]]) for name in ("spend_total", "refunded_total"))
    rows = []
    for n in order:
        p = float(probability[n])
        then = before.get(users[n])
        rows.append(
            {
                "user": users[n],
                "tier": tier_of(p, thresholds) if there[n] else GONE,
                "probability": p if there[n] else None,
                "tier_week_ago": None if then is None else tier_of(then, thresholds),
                "probability_week_ago": then,
                "segment": segments[users[n]],
                "last_purchase_ms": int(last_purchase[n]) or None,
                "silence_days": float(silence[n]),
                "tenure_days": float(x[n, INDEX["tenure_days"]]),
                "orders": int(x[n, INDEX["orders_total"]]),
                "revenue": float(spent[n] - refunded[n]),
                "value": float(value[n]),
                "value_at_risk": float(at_risk[n]) if there[n] else None,
                "drivers": told.get(n),
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _week_ago(replayed: Replayed, scorer: Scorer) -> dict[str, float]:
    """By the same scorer, of the features of the last snapshot that was a week old: what differs is the customer."""
    until = replayed.last_ms - WEEK_DAYS * DAY_MS
    found: dict[str, tuple[int, Vector]] = {}
    for block in replayed.watched.latest:
        for user, time, row in zip(block.users, block.times.tolist(), block.features, strict=True):
            if until - WEEK_DAYS * DAY_MS < time <= until:
                found[user] = (time, row)
    if not found:
        return {}
    said = scorer.score(np.array([row for _, row in found.values()]))
    return dict(zip(found, said.tolist(), strict=True))


def _drivers(
    scorer: Scorer, x: Matrix, ranked: Sequence[int], background: Matrix, seed: int, names: Mapping[int, str]
) -> dict[int, list[dict[str, Any]]]:
    """By row: of all where the score is a sum, else of the first `EXPLAINED`."""
    try:
        scorer.contributions(np.full((1, FEATURES), np.nan))
    except NotAdditiveError:
        ranked = ranked[:EXPLAINED]
    if len(ranked) == 0 or len(background) < 2:
        return {}
    rows = x[list(ranked)]
    found = {}
    for n, row in zip(ranked, rows, strict=True):
        rng = np.random.default_rng((seed, xxhash.xxh3_64_intdigest(row.tobytes())))
        (attribution,) = explain(scorer, row[None, :], background, rng)
        found[n] = [
            {"text": r.text, "theme": r.theme, "weight": r.weight, "direction": direction(r)}
            for r in reasons(row, attribution, names, DRIVERS)
        ]
    return found
