"""Parts of the examples that are judged apart: what holds for all need not hold for any of them.

Recency is zero at every session's end, so nothing that rests on it ranks there, while long silence ranks itself; a
figure over both says little about either.
"""

from typing import Final

import numpy as np

from online_model.quality.scored import Bools, Scored, Vector, Whole

ALL: Final = "all"
SILENCE: Final = (0.0, 1.0, 7.0, 14.0, 30.0)
"""Days from which the bands begin; the first one is the session's end."""
TENURE: Final = (0.0, 30.0, 90.0, 365.0)
PLANS: Final = 12
"""So many plans with the most examples are named; the others are `plan:other`."""


def slices(scored: Scored) -> dict[str, Bools]:
    """Rows of every part that has any, by name: ``all``, ``silence:0-1d``, ``tenure:365d+``, ``plan:3``,
    ``month:2011-05`` and so on; each mask has shape (n,)."""
    everybody = np.ones(scored.examples, np.bool_)
    return (
        {ALL: everybody}
        | _bands("silence", scored.silence_days, SILENCE)
        | _bands("tenure", scored.tenure_days, TENURE)
        | _plans(scored.plan)
        | _months(scored.month)
    )


def _bands(name: str, days: Vector, edges: tuple[float, ...]) -> dict[str, Bools]:
    band = np.searchsorted(edges, np.maximum(days, edges[0]), side="right") - 1  # NaN sorts after the last
    unknown = np.isnan(days)
    found = {}
    for i, low in enumerate(edges):
        upto = f"-{edges[i + 1]:.0f}d" if i + 1 < len(edges) else "d+"
        found[f"{name}:{low:.0f}{upto}"] = (band == i) & ~unknown
    found[f"{name}:unknown"] = unknown
    return {part: mask for part, mask in found.items() if mask.any()}


def _plans(plan: Whole) -> dict[str, Bools]:
    codes, counts = np.unique(plan, return_counts=True)
    most = codes[np.lexsort((codes, -counts))]
    named = np.sort(most[:PLANS])
    found = {f"plan:{code}" if code >= 0 else "plan:unknown": plan == code for code in named}
    if len(most) > PLANS:
        found["plan:other"] = ~np.isin(plan, named)
    return found


def _months(month: Whole) -> dict[str, Bools]:
    return {f"month:{m // 12:04d}-{m % 12 + 1:02d}": month == m for m in np.unique(month)}
