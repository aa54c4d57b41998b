"""What a file may be, and how it is refused."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1 << 20


class RefusedFileError(ValueError):
    """The file cannot be used: `reason` is a short word to count by, the message one sentence for who sent it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason: Final = reason


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond these a file is refused before it is taken apart."""

    file_bytes: int = 100 * MIB
    unpacked_bytes: int = 1024 * MIB
    """Of a spreadsheet or a Parquet file, as it says itself and as it turns out to be."""
    parts: int = 10_000
    """Files within a spreadsheet."""
    columns: int = 200
    cell: int = 1 << 20
    """Characters of one value, or bytes of a line of text."""
    rows: int = 5_000_000


DEFAULT: Final = Limits()
