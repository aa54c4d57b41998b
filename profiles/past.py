"""What the ledger knows of the past: what was said of a user week by week, and what became of users like that."""

from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from domain.calendar import DAY_MS, WEEK_MS
from online_model.ledger.ledger import Ledger, milliseconds
from online_model.quality.intervals import wilson

WEEKS: Final = 26
"""So far back a user's history goes."""
REMEMBERED: Final = 20_000
"""Newest examples among which like ones are looked for."""
NEAREST: Final = 200
_SAFE: Final = 1e-6
_COLUMNS: Final = ("served", "days_since_last_session", "lost", "weight")

Vector = npt.NDArray[np.float64]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was served of a user at one weekly instant, once its outcome is due."""

    time: int
    """ms since 1970: the weekly instant."""
    score: float
    tier: str
    model: str
    """Version; the baseline's name where none served."""
    lost: bool
    """What came of it, within the horizon."""


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """What became of past users with a like risk and a like silence, who were not treated."""

    examples: int
    lost: float
    """Share."""
    low: float
    """95 % Wilson interval, as if examples were independent."""
    high: float
    score_from: float
    score_to: float
    silence_days_from: float
    silence_days_to: float


class Settled(NamedTuple):
    """The newest settled examples of untreated users, shapes (n,)."""

    served: Vector
    silence_days: Vector
    lost: npt.NDArray[np.bool_]
    newest_day: int
    """Last day of the ledger that is in it, since 1970; -1 for none."""


NOTHING: Final = Settled(np.empty(0), np.empty(0), np.empty(0, np.bool_), -1)


def history(
    archive: Path, lineage: str, user: str, user_hash: int, delay_ms: int, baseline: str
) -> list[Said]:
    """The last weeks of which the outcome is known, oldest first; `WEEKS` at most.

    A user's weekly instant has one place in the week, so the user stands only in every seventh file.

    Args:
        user_hash: of the user, which gives that place.
        delay_ms: from an instant to when its outcome is due.
        baseline: what to call the model where no version served.

    Raises:
        LedgerError: a file cannot be read.
    """
    ledger = Ledger(archive, lineage)
    place = ((user_hash % WEEK_MS + delay_ms) // DAY_MS) % 7
    days = [day for day in ledger.days() if day % 7 == place][-WEEKS:]
    found = []
    for day in days:
        rows = ledger.read_day(day, ["user", "time", "served", "tier", "version", "lost"])
        mine = rows.filter(pc.equal(rows["user"], user))
        for time, row in zip(milliseconds(mine["time"]).tolist(), mine.to_pylist(), strict=True):
            model = row["version"] or baseline
            found.append(
                Said(time=time, score=row["served"], tier=row["tier"], model=model, lost=row["lost"])
            )
    return sorted(found, key=lambda said: said.time)


def settled(archive: Path, lineage: str, before: Settled = NOTHING) -> Settled:
    """The newest `REMEMBERED` examples; `before` itself if the ledger has no newer day.

    Raises:
        LedgerError: a file cannot be read.
    """
    ledger = Ledger(archive, lineage)
    days = ledger.days()
    if not days or days[-1] == before.newest_day:
        return before if days else NOTHING
    served, silence, lost, count = [], [], [], 0
    for day in reversed(days):
        rows = ledger.read_day(day, _COLUMNS)
        taken = rows["weight"].to_numpy() > 0
        silent = rows["days_since_last_session"].to_numpy()
        taken &= np.isfinite(silent)
        served.append(rows["served"].to_numpy()[taken])
        silence.append(silent[taken])
        lost.append(rows["lost"].to_numpy()[taken])
        count += int(taken.sum())
        if count >= REMEMBERED:
            break
    cut = slice(0, REMEMBERED)
    return Settled(
        np.concatenate(served)[cut], np.concatenate(silence)[cut], np.concatenate(lost)[cut], days[-1]
    )


def alike(known: Settled, score: float, silence_days: float) -> Alike | None:
    """Outcome of the `NEAREST` examples by log-odds and by the logarithm of the silence; None if there are none.

    Each of the two is measured in its own standard deviations.
    """
    if not len(known.served):
        return None
    distance = _apart(_log_odds(known.served), float(_log_odds(np.array([score]))[0]))
    distance += _apart(np.log1p(known.silence_days), float(np.log1p(silence_days)))
    nearest = np.argsort(distance, kind="stable")[:NEAREST]
    lost = int(known.lost[nearest].sum())
    low, high = wilson(lost, len(nearest))
    scores, silences = known.served[nearest], known.silence_days[nearest]
    return Alike(
        examples=len(nearest),
        lost=lost / len(nearest),
        low=low,
        high=high,
        score_from=float(scores.min()),
        score_to=float(scores.max()),
        silence_days_from=float(silences.min()),
        silence_days_to=float(silences.max()),
    )


def _log_odds(probabilities: Vector) -> Vector:
    kept = np.clip(probabilities, _SAFE, 1 - _SAFE)
    return np.log(kept) - np.log1p(-kept)


def _apart(values: Vector, own: float) -> Vector:
    spread = float(values.std()) or 1.0
    return np.asarray(((values - own) / spread) ** 2)
