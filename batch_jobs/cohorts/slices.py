"""Slices of the users: all, by one dimension, by pairs; rare values are `other`, unsaid ones `unknown`.

The engine counts by combination of all four dimensions once; a small table says which slices each belongs to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final, NamedTuple

import ibis
import pyarrow as pa
from ibis.expr.types import IntegerColumn, StringColumn, Table

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
    together = users.group_by(*sorted({name for names in columns.values() for name in names}))
    together = together.agg(users=users.count())  # of so many users as there are combinations: one scan
    said = ibis.union(
        *(
            together.select(dimension=ibis.literal(dimension), value=together[name], users="users")
            for dimension, names in columns.items()
            for name in names
        ),
        distinct=False,
    )
    said = said.filter(said.value.notnull(), said.value != "")
    counted = said.group_by("dimension", "value").agg(users=said.users.sum())
    best = ibis.window(group_by=counted.dimension, order_by=[counted.users.desc(), counted.value])
    ranked = counted.mutate(rank=ibis.row_number().over(best))
    rows = ranked.filter(ranked["rank"] < limit).order_by("dimension", "rank").to_pyarrow()
    found: dict[str, list[str]] = {dimension: [] for dimension in columns}
    for dimension, value in zip(rows["dimension"].to_pylist(), rows["value"].to_pylist(), strict=True):
        found[dimension].append(value)
    return found


def coded(column: StringColumn, top: Sequence[str]) -> IntegerColumn:
    """0 where nothing is said, 2 and on for the values of `top` in their order, 1 for others."""
    unsaid = column.isnull() | (column == "")
    places = ((column == value, n + 2) for n, value in enumerate(top))
    return ibis.cases((unsaid, 0), *places, else_=1)


def label(code: int, top: Sequence[str]) -> str:
    """What a code stands for."""
    return (UNKNOWN, OTHER, *top)[code]


def combination(table: Table, columns: Mapping[str, str], top: Top) -> IntegerColumn:
    """Codes of all dimensions in one number; each is made of the column that is named for it."""
    found = ibis.literal(0, "int64")
    for name in DIMENSIONS:
        found = found * (len(top[name]) + 2) + coded(table[columns[name]], top[name])
    return found


@dataclass(frozen=True)
class Combinations:
    """Combinations of labels that occur, and the slices that they belong to."""

    numbers: tuple[int, ...]
    """As `combination` makes them, sorted."""
    top: Top
    paired: int
    """Values told apart within pairs."""

    @cached_property
    def slices(self) -> list[Slice]:
        """All of them, in the order in which they are told; a slice's number is its place."""
        return in_order({piece for number in self.numbers for piece in self._slices(number)} | {EVERYBODY})

    @cached_property
    def membership(self) -> Table:
        """`combination` to `slice` (its number) and `kind`, but for everybody."""
        place = {piece: n for n, piece in enumerate(self.slices)}
        rows = [
            (number, place[piece], piece.kind)
            for number in self.numbers
            for piece in self._slices(number)
            if piece.kind
        ]
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        names = ("combination", "slice", "kind")
        return ibis.memtable(
            pa.table({n: pa.array(c, pa.int64()) for n, c in zip(names, columns, strict=True)})
        )

    def _slices(self, number: int) -> list[Slice]:
        codes = {}
        for name in reversed(DIMENSIONS):
            number, codes[name] = divmod(number, len(self.top[name]) + 2)
        said = {name: label(codes[name], self.top[name]) for name in DIMENSIONS}
        coarse = {name: label(coarser(codes[name], self.paired), self.top[name]) for name in DIMENSIONS}
        pairs = [Slice(a, coarse[a], b, coarse[b]) for a, b in combinations(DIMENSIONS, 2)]
        return [EVERYBODY, *(Slice(name, value) for name, value in said.items()), *pairs]


def coarser(code: int, paired: int) -> int:
    """Within a pair: that of others, for all but the most frequent values."""
    return 1 if code >= paired + 2 else code


def in_order(pieces: Iterable[Slice]) -> list[Slice]:
    """As they are told: all, then by dimension, then pairs; values by name."""
    rank = {name: n for n, name in enumerate(("", ALL, *DIMENSIONS))}
    return sorted(pieces, key=lambda s: (s.kind, rank[s.dimension], rank[s.second], s))


def combinations_of(rows: Table, top: Top, paired: int) -> Combinations:
    """Those that occur among rows with `combination`."""
    numbers = rows.select("combination").distinct().to_pyarrow()["combination"].to_pylist()
    return Combinations(tuple(sorted(numbers)), top, paired)


def values_table(top: Top, layout: pa.Schema) -> pa.Table:
    """What is told apart: `dimension`, `rank` and `value`."""
    rows = [(dimension, n + 1, value) for dimension, best in top.items() for n, value in enumerate(best)]
    columns = list(zip(*rows, strict=True)) or [()] * len(layout)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, layout, strict=True)], schema=layout)


def same_values(table: pa.Table, top: Top, paired: int) -> bool:
    """Whether a former `values_table` tells the same values apart, alone and within pairs."""
    former: dict[str, list[str]] = {dimension: [] for dimension in top}
    for dimension, value in zip(table["dimension"].to_pylist(), table["value"].to_pylist(), strict=True):
        former.setdefault(dimension, []).append(value)

    def parts(best: Sequence[str]) -> tuple[set[str], set[str]]:
        return set(best[:paired]), set(best[paired:])

    return former.keys() == top.keys() and all(parts(former[d]) == parts(best) for d, best in top.items())
