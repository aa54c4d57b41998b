"""Slices of the users: all, by one dimension, by pairs; rare values are `other`, unsaid ones `unknown`.

The engine counts by combination of all four dimensions once; a small table says which slices each belongs to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final, NamedTuple

import ibis
import pyarrow as pa
from ibis.expr.types import StringColumn, Table

from batch_jobs.star.schema import DIMENSIONS

ALL: Final = "all"
OTHER: Final = "other"
UNKNOWN: Final = "unknown"
Top = Mapping[str, Sequence[str]]
"""Values of each dimension that are told apart, the most frequent first."""


class Slice(NamedTuple):
    """Some of the users; `second` and `second_value` are empty but for pairs."""

    dimension: str = ALL
    value: str = ALL
    second: str = ""
    second_value: str = ""

    @property
    def kind(self) -> int:
        """0 all, 1 of one dimension, 2 of a pair."""
        return 0 if self.dimension == ALL else 2 if self.second else 1


EVERYBODY: Final = Slice()


def top_values(users: Table, columns: Mapping[str, Sequence[str]], limit: int) -> dict[str, list[str]]:
    """Most frequent values of each dimension; of equally frequent ones the first by name.

    Args:
        columns: by dimension, the columns whose values count; each of them counts.
        limit: so many at most.
    """
    found = {}
    for dimension, names in columns.items():
        said = ibis.union(*(users.select(value=users[name]) for name in names), distinct=False)
        said = said.filter(said.value.notnull(), said.value != "")
        counted = said.group_by("value").agg(users=said.count())
        best = counted.order_by(counted.users.desc(), counted.value).limit(limit)
        found[dimension] = best.to_pyarrow()["value"].to_pylist()
    return found


def labelled(column: StringColumn, top: Sequence[str]) -> StringColumn:
    """What a value is called."""
    unsaid = column.isnull() | (column == "")
    return ibis.cases((unsaid, UNKNOWN), (column.isin(list(top)), column), else_=OTHER)


@dataclass(frozen=True)
class Combinations:
    """Combinations of labels that occur, numbered, and the slices that they belong to."""

    found: tuple[tuple[str, ...], ...]
    """Labels in the order of `DIMENSIONS`, sorted."""
    top: Top
    paired: int
    """Values told apart within pairs."""

    @cached_property
    def slices(self) -> list[Slice]:
        """All of them, in the order in which they are told; a slice's number is its place."""
        of = {piece for labels in self.found for piece in self._slices(labels)} | {EVERYBODY}
        rank = {name: n for n, name in enumerate(("", ALL, *DIMENSIONS))}
        return sorted(of, key=lambda s: (s.kind, rank[s.dimension], rank[s.second], s))

    @cached_property
    def numbered(self) -> Table:
        """Labels to `combination`."""
        columns = list(zip(*self.found, strict=True)) or [()] * len(DIMENSIONS)
        data = {name: pa.array(column, pa.string()) for name, column in zip(DIMENSIONS, columns, strict=True)}
        return ibis.memtable(pa.table({**data, "combination": pa.array(range(len(self.found)), pa.int64())}))

    def membership(self, kind: int) -> Table:
        """`combination` to `slice` (its number) and `kind`, of slices up to that kind."""
        place = {piece: n for n, piece in enumerate(self.slices)}
        rows = [
            (n, place[piece], piece.kind)
            for n, labels in enumerate(self.found)
            for piece in self._slices(labels)
            if piece.kind <= kind
        ]
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        names = ("combination", "slice", "kind")
        return ibis.memtable(
            pa.table({n: pa.array(c, pa.int64()) for n, c in zip(names, columns, strict=True)})
        )

    def _slices(self, labels: tuple[str, ...]) -> list[Slice]:
        said = dict(zip(DIMENSIONS, labels, strict=True))
        coarse = {name: self._coarse(name, label) for name, label in said.items()}
        pairs = [Slice(a, coarse[a], b, coarse[b]) for a, b in combinations(DIMENSIONS, 2)]
        return [EVERYBODY, *(Slice(name, label) for name, label in said.items()), *pairs]

    def _coarse(self, dimension: str, label: str) -> str:
        rare = label in self.top[dimension][self.paired :]
        return OTHER if rare else label


def with_labels(table: Table, columns: Mapping[str, str], top: Top) -> Table:
    """With a column for each dimension, its label, made of the column that is named for it."""
    return table.mutate(**{name: labelled(table[columns[name]], top[name]) for name in DIMENSIONS})


def combinations_of(labelled_rows: Table, top: Top, paired: int) -> Combinations:
    """Those that occur among rows that bear labels (`with_labels`)."""
    rows = labelled_rows.select(*DIMENSIONS).distinct().to_pyarrow()
    found = zip(*(rows[name].to_pylist() for name in DIMENSIONS), strict=True)
    return Combinations(tuple(sorted(found)), top, paired)
