"""Training examples out of the ledger: what was known at a snapshot, and what came of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from domain.catalogue import NAMES
from domain.columns import hash_of
from domain.labels import FEATURES, Matrix, Times
from online_model.ledger.ledger import Ledger, milliseconds
from online_model.quality.scored import Bools, Rows, Vector

_BUCKETS: Final = 1 << 20


class Examples(NamedTuple):
    """In the order of (time, user); arrays of shape (n,) unless said otherwise."""

    times: Times
    """Of the snapshots, ms."""
    dues: Times
    """At which the outcomes were known, ms."""
    features: Matrix
    """Shape (n, FEATURES)."""
    lost: Bools
    weights: Vector
    """What each counts where models are judged (`online_model.quality.untreated`); all learn it with the same."""
    served: Vector
    """What was said then."""

    def take(self, rows: Rows) -> "Examples":
        """Some of them."""
        columns: dict[str, Any] = {name: getattr(self, name)[rows] for name in self._fields}
        return Examples(**columns)

    def until(self, moment: int) -> "Examples":
        """Those whose outcomes were known before a moment, ms."""
        return self.take(np.flatnonzero(self.dues < moment))

    @property
    def size(self) -> int:
        """How many; ``len`` counts the columns."""
        return len(self.times)


def newest(archive: Path) -> Ledger | None:
    """The ledger whose days reach farthest: that of the lineage now; None while there is none.

    Args:
        archive: the archive folder.
    """
    found = [
        Ledger(archive, folder.name.removeprefix("lineage="))
        for folder in sorted((archive / "ledger").glob("lineage=*"))
    ]
    days = {ledger: ledger.days() for ledger in found}
    return max((one for one in found if days[one]), key=lambda ledger: days[ledger][-1], default=None)


def outline(ledger: Ledger) -> Examples:
    """All untreated examples without their features, whose matrix has no columns; in the order of time.

    Raises:
        LedgerError: a file cannot be read.
    """
    parts = []
    for day in _days(ledger, ["time", "due", "lost", "weight"]):
        rows = np.flatnonzero(day["weight"].to_numpy() > 0)
        lost, weights = day["lost"].to_numpy()[rows].astype(np.bool_), day["weight"].to_numpy()[rows]
        times, dues = milliseconds(day["time"])[rows], milliseconds(day["due"])[rows]
        parts.append(Examples(times, dues, np.empty((len(rows), 0)), lost, weights, weights))
    if not parts:
        return _nothing()
    joined = Examples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return joined.take(np.argsort(joined.times, kind="stable"))


def read(ledger: Ledger, most: int) -> Examples:
    """Untreated examples: what happened to treated users says little of what would have.

    Where there are more, users are drawn by a hash of their id, so that one is there with all snapshots or none, and
    mostly the same from run to run.

    Args:
        most: examples, about.

    Raises:
        LedgerError: a file cannot be read.
    """
    total = sum(int((day["weight"].to_numpy() > 0).sum()) for day in _days(ledger, ["weight"]))
    limit = min(1.0, most / max(total, 1)) * _BUCKETS
    parts, users = [], []
    for day in _days(ledger, ["user", "time", "due", "lost", "weight", "served", *NAMES]):
        names = day["user"].to_pylist()
        drawn = np.array([hash_of(f"learners {name}") % _BUCKETS < limit for name in names], np.bool_)
        rows = np.flatnonzero(drawn & (day["weight"].to_numpy() > 0))
        features = np.empty((len(rows), FEATURES))
        for place, name in enumerate(NAMES):
            features[:, place] = day[name].to_numpy()[rows]
        times, dues = milliseconds(day["time"]), milliseconds(day["due"])
        lost, weights, served = (day[name].to_numpy() for name in ("lost", "weight", "served"))
        parts.append(
            Examples(
                times[rows], dues[rows], features, lost[rows].astype(np.bool_), weights[rows], served[rows]
            )
        )
        users += [names[row] for row in rows]
    if not parts:
        return _nothing()
    joined = Examples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return joined.take(np.lexsort((np.array(users, np.str_), joined.times)))


def _days(ledger: Ledger, columns: list[str]) -> Iterator[pa.Table]:
    for day in ledger.days():
        yield ledger.read_day(day, columns)


def _nothing() -> Examples:
    empty = np.zeros(0, np.int64)
    return Examples(empty, empty, np.zeros((0, FEATURES)), np.zeros(0, np.bool_), np.zeros(0), np.zeros(0))
