"""The last so many settled examples, in memory that does not grow."""

from typing import Any, Final

import numpy as np

from online_model.quality.scored import Rows, Scored, Vector

_UNKNOWN: Final = np.nan


class Window:
    """A ring of examples; how they are cut into runs changes nothing, not even the bytes when it is pickled."""

    def __init__(self, size: int) -> None:
        """Make room.

        Args:
            size: examples that are remembered.

        Raises:
            ValueError: no room for a single one.
        """
        if size < 1:
            raise ValueError(f"a window of {size} examples remembers nothing: give it room for at least one")
        self.size = size
        self.seen = 0
        """Examples that ever came."""
        self._kept = _blank(size)
        self._said: dict[str, int] = {}
        """By contestant, how many of its predictions are in the ring: one without any is forgotten."""

    def add(self, scored: Scored) -> None:
        """Remember the next examples."""
        self.seen += scored.examples
        last = scored.take(slice(max(scored.examples - self.size, 0), None))
        rows = np.arange(self.seen - last.examples, self.seen) % self.size
        for field in Scored._fields:
            if field != "predictions":
                getattr(self._kept, field)[rows] = getattr(last, field)
        self._remember(rows, last)

    def examples(self) -> Scored:
        """Those remembered, oldest first."""
        if self.seen < self.size:
            return self._kept.take(slice(0, self.seen))
        return self._kept.take(np.arange(self.seen, self.seen + self.size) % self.size)

    def _remember(self, rows: Rows, last: Scored) -> None:
        columns = self._kept.predictions
        for name in sorted(columns.keys() | last.predictions.keys()):
            said: Vector | None = last.predictions.get(name)
            column = columns.pop(name, None)  # and put back, so that the order is that of the names
            if column is None:
                column = np.full(self.size, _UNKNOWN)
            count = self._said.pop(name, 0) - int(np.count_nonzero(np.isfinite(column[rows])))
            column[rows] = _UNKNOWN if said is None else said
            count += int(np.count_nonzero(np.isfinite(column[rows])))
            if count:
                columns[name], self._said[name] = column, count


def _blank(size: int) -> Scored:
    def zeros(dtype: type) -> Any:
        return np.zeros(size, dtype)

    return Scored(
        due_day=zeros(np.int64),
        lost=zeros(np.bool_),
        weights=zeros(np.float64),
        chosen=zeros(np.bool_),
        predictions={},
        silence_days=zeros(np.float64),
        tenure_days=zeros(np.float64),
        plan=zeros(np.int64),
        month=zeros(np.int64),
        treated=zeros(np.bool_),
        holdout=zeros(np.bool_),
    )
