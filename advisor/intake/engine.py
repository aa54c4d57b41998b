"""A DuckDB that reads the one file that it is told, in bounded memory, and nothing from the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

MEMORY: Final = "700MB"


@contextmanager
def engine(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory.

    Args:
        scratch: where what does not fit goes.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": 2,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def quoted(name: str) -> str:
    """A column or table by any name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text of SQL."""
    return "'" + text.replace("'", "''") + "'"
