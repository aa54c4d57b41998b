"""What was found in a file, before anybody has said what its columns mean."""

from typing import Literal

import msgspec

Format = Literal["csv", "excel", "parquet"]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the file."""

    name: str
    """As in the file; made unique, and given where the file has none."""
    missing: int
    """Rows without a value: nothing, or blanks alone."""
    distinct: int
    """Different values, about (HyperLogLog)."""
    numbers: int
    """Values that are numbers, by the convention `decimal`."""
    negative: int
    """Of them, those below zero."""
    decimal: Literal[".", ","]
    times: int
    """Values that are moments, by `time_format`."""
    time_format: str | None
    """``iso``, ``seconds``, ``milliseconds``, or a pattern of strptime; None where few values are moments."""
    ambiguous: bool
    """Whether days and months could be told apart by the order of the rows alone."""
    examples: tuple[str, ...]


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose rows were read."""

    format: Format
    rows: int
    columns: tuple[Column, ...]
    encoding: str | None = None
    """Of text."""
    delimiter: str | None = None
    sheet: str | None = None
    """Of a workbook, the one that was read: the largest."""
    notes: tuple[str, ...] = ()
    """What was done about oddities, one sentence each."""

    def column(self, name: str) -> Column:
        """By its name.

        Raises:
            KeyError: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
