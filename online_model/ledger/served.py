"""What was served, judged by what came of it: precision at K, lead time, quality, worth of the tiers."""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from domain.labels import CAUSES, Times
from online_model.ledger.ledger import milliseconds
from online_model.ledger.schema import TIERS
from online_model.quality.metrics import Metrics, metrics

_DAY_MS: Final = 86_400_000
_WEEK_MS: Final = 7 * _DAY_MS
COLUMNS: Final = (
    *("user", "time", "lost", "cause", "cancelled_at", "weight", "served", "tier", "days_since_last_session"),
)
"""What `judge` reads."""

Vector = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """What a tier was worth."""

    snapshots: int
    precision: float | None
    """Share lost, weighted; None if nobody was in it."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Of the snapshots with a weight: users who were not treated. None where there is nothing to divide by."""

    snapshots: int
    precision_at_k: float | None
    recall_at_k: float | None
    losses: int
    """Losses (user and moment), each with several snapshots before it."""
    foreseen: int
    """Those with a snapshot in the highest tier before."""
    lead_days: float | None
    """Median, over those foreseen, from the first such snapshot to the loss."""
    served: Metrics
    """Ranking and calibration of the probabilities that were served."""
    tiers: dict[str, Tier]


def judge(table: pa.Table, k: int, inactivity_ms: int) -> Judgement:
    """Judge what was served.

    Args:
        table: `COLUMNS` of the ledger.
        k: how many users can be contacted a week.
        inactivity_ms: silence that makes a user gone.
    """
    rows = table.filter(pc.greater(table["weight"], 0.0))
    users = rows["user"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    times, lost = milliseconds(rows["time"]), rows["lost"].to_numpy()
    served, weights = rows["served"].to_numpy(), rows["weight"].to_numpy()
    tiers = rows["tier"].to_numpy()
    precision, recall = at_k(times // _WEEK_MS, served, lost, weights, k)
    moments = loss_moments(
        times,
        rows["days_since_last_session"].to_numpy(),
        np.where(rows["cause"].to_numpy() == CAUSES[2], milliseconds(rows["cancelled_at"]), 0),
        inactivity_ms,
    )
    losses, leads = lead_times(users[lost], times[lost], moments[lost], (tiers == TIERS[-1])[lost])
    return Judgement(
        snapshots=len(times),
        precision_at_k=precision,
        recall_at_k=recall,
        losses=losses,
        foreseen=len(leads),
        lead_days=float(np.median(leads)) if len(leads) else None,
        served=metrics(lost, served, weights),
        tiers={t: _worth(tiers == t, lost, weights) for t in TIERS},
    )


def at_k(
    weeks: Times, served: Vector, lost: Bools, weights: Vector, k: int
) -> tuple[float | None, float | None]:
    """Precision and recall of contacting, each week, the k users with the highest risk.

    Args:
        weeks: of the snapshots, shape (items,), as are the others; a user has one snapshot a week.
        served: probabilities; among equal ones the first comes first.
        lost: outcomes.
        weights: what each counts.
        k: contacts a week.

    Returns:
        Weighted share of the contacted who were lost, and of the lost who were contacted; None over nothing.
    """
    order = np.lexsort((-served, weeks))
    starts = np.searchsorted(weeks[order], weeks[order])  # where each one's week begins
    chosen = order[np.arange(len(order)) - starts < k]
    caught = float((weights * lost)[chosen].sum())
    return _over(caught, weights[chosen].sum()), _over(caught, (weights * lost).sum())


def loss_moments(times: Times, silence_days: Vector, cancelled: Times, inactivity_ms: int) -> Times:
    """When the users of these snapshots are lost, if at all: at the cancellation, else as silence reaches the limit.

    Args:
        times: of the snapshots, ms, shape (items,).
        silence_days: since the last session, as of the snapshot; NaN where there was none, which counts from it.
        cancelled: ms, 0 where that is not the cause.
        inactivity_ms: the limit.
    """
    silent: Times = np.rint(np.nan_to_num(silence_days, nan=0.0) * _DAY_MS).astype(np.int64)
    return np.where(cancelled > 0, cancelled, times - silent + inactivity_ms)


def lead_times(users: npt.NDArray[np.int64], times: Times, moments: Times, high: Bools) -> tuple[int, Vector]:
    """How long before each loss the user was first in the highest tier.

    Args:
        users: number of the user, shape (items,), as are the others; lost snapshots only.
        times: of the snapshots, ms.
        moments: of the losses, ms; equal ones (to the minute) of a user are one loss.
        high: whether the snapshot was in the highest tier.

    Returns:
        Number of losses, and days of lead of those that were foreseen, ascending.
    """
    minutes = (moments + 30_000) // 60_000
    losses = np.unique(np.column_stack([users, minutes]), axis=0)
    order = np.lexsort((times[high], minutes[high], users[high]))
    keys = np.column_stack([users, minutes])[high][order]
    first = np.ones(len(keys), np.bool_)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    leads = (moments[high] - times[high])[order][first] / _DAY_MS
    return len(losses), np.sort(leads)


def _worth(inside: Bools, lost: Bools, weights: Vector) -> Tier:
    weight = weights[inside]
    return Tier(snapshots=int(inside.sum()), precision=_over((weight * lost[inside]).sum(), weight.sum()))


def _over(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
