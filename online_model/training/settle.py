"""Joins outcomes to the snapshots that were predicted, and says how each prediction has turned out."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS
from domain.catalogue import INDEX
from domain.columns import hash_of
from domain.labels import Outcomes, Times
from online_model.quality.scored import Bools, Scored, Vector
from online_model.training import blocks
from online_model.training.calibrating import contestants_only
from online_model.training.pending import Pending, Predicted, rows_of
from online_model.training.pending import joined as pending_joined

CHAMPION: Final = "champion"
"""Stands, among the predictions that quality looks at, for what served each user."""

_SILENCE: Final = INDEX["days_since_last_session"]
_TENURE: Final = INDEX["tenure_days"]
_PLAN: Final = INDEX["plan"]
_CLIP: Final = 0.01


class Settled(msgspec.Struct, frozen=True, eq=False):
    """Snapshots with their outcomes, row by row, in the order of (due time, user)."""

    snapshots: Predicted
    outcomes: Outcomes

    @property
    def treated(self) -> npt.NDArray[np.bool_]:
        """Somebody tried to keep the user within the horizon: the outcome says nothing of what would have been."""
        return np.asarray(self.outcomes.treated > 0)


def together(parts: Sequence[Settled]) -> Settled:
    """Settled examples of one kind (`online_model.training.pending.kind_of`), one after the other."""
    outcomes = blocks.concatenated(blocks.NO_OUTCOMES, [part.outcomes for part in parts])
    return Settled(pending_joined([part.snapshots for part in parts]), outcomes)


class Joined(NamedTuple):
    """What came of one hour's outcomes."""

    settled: list[Settled]
    without_snapshot: int
    without_outcome: int


def join(pending: Pending, outcomes: Outcomes, until_ms: int) -> Joined:
    """Take all snapshots up to `until_ms` from those pending, each with its outcome.

    Args:
        outcomes: all of snapshots up to then that have not come before, in the order of (time, user).
    """
    settled, found, waited = [], 0, 0
    for chunk in pending.take(until_ms):
        waited += len(chunk)
        span = slice(
            int(np.searchsorted(outcomes.times, chunk.times[0], "left")),
            int(np.searchsorted(outcomes.times, chunk.times[-1], "right")),
        )
        some = blocks.rows_of(outcomes, span)
        left, right = matched(some, chunk)
        if len(left):
            settled.append(Settled(rows_of(chunk, right), blocks.rows_of(some, left)))
            found += len(left)
    return Joined(settled, len(outcomes.users) - found, waited - found)


def matched(outcomes: Outcomes, chunk: Predicted) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows of outcomes and of snapshots that belong together, in order."""
    if outcomes.users == chunk.users and np.array_equal(outcomes.times, chunk.times):
        rows = np.arange(len(chunk), dtype=np.int64)
        return rows, rows
    place = {key: row for row, key in enumerate(zip(chunk.times.tolist(), chunk.users, strict=True))}
    keys = zip(outcomes.times.tolist(), outcomes.users, strict=True)
    pairs = np.array([(row, place[key]) for row, key in enumerate(keys) if key in place], np.int64).reshape(
        -1, 2
    )
    return pairs[:, 0], pairs[:, 1]


def hashes_of(users: list[str]) -> npt.NDArray[np.uint64]:
    """Hash of each user, by which one is chosen and served."""
    return np.array([hash_of(user) for user in users], np.uint64)


def scored(settled: Settled, chosen: npt.NDArray[np.bool_], delay_ms: int) -> Scored:
    """Examples for quality and tournament; what served stands under `CHAMPION`, nothing is calibrated but that.

    Args:
        chosen: for promotion, by row.
        delay_ms: from snapshot to due time.
    """
    taken, features = settled.snapshots, settled.snapshots.features
    plan = features[:, _PLAN]
    predictions = contestants_only(all_said(settled))
    return Scored(
        due_day=(taken.times + delay_ms) // DAY_MS,
        lost=settled.outcomes.lost,
        weights=np.ones(len(taken)),
        chosen=chosen,
        predictions=predictions | {CHAMPION: taken.served},
        silence_days=features[:, _SILENCE],
        tenure_days=features[:, _TENURE],
        plan=np.where(np.isfinite(plan), plan, -1).astype(np.int64),
        month=months_of(taken.times),
        treated=settled.treated,
        holdout=taken.holdout,
    )


def all_said(settled: Settled) -> dict[str, Vector]:
    """What was predicted at the snapshots, by contestant, and what calibrating would have made of it."""
    return dict(zip(settled.snapshots.contestants, settled.snapshots.predictions, strict=True))


def months_of(times: Times) -> npt.NDArray[np.int64]:
    """Calendar months in UTC: year · 12 + month − 1."""
    since_1970 = times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(since_1970 + 1970 * 12)


def log_losses(predictions: Vector, lost: Bools) -> Vector:
    """Loss of each prediction in nats; certainty is cut at `_CLIP`, so that one example does not stand for all."""
    said = np.clip(np.where(lost, predictions, 1 - predictions), _CLIP, 1 - _CLIP)
    return np.asarray(-np.log(said))
