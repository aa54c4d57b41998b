"""What a file is made of: rows of named values, or something that could not be read as a row."""

from dataclasses import dataclass

Row = dict[str, object]
"""Column name to value. CSV gives text (``bytes`` where it is no UTF-8); JSON, Parquet: their types."""


class RejectedRowError(Exception):
    """The row cannot become an event; `reason` is a short word to count by."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of the file in the place of a row."""

    text: str
    reason: str = "malformed_row"
