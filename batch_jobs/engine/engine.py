"""What the star needs of an engine, beside Ibis itself: Parquet files, with moments as numbers where it computes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import ibis
import pyarrow as pa
from ibis.expr.types import Table


class EngineError(Exception):
    """Files cannot be read; the message names them and says what to do."""


class Engine(Protocol):
    """Reads Parquet into tables of one Ibis backend."""

    backend: ibis.BaseBackend
    scratch: Path
    """Folder for files of the moment."""

    def numbers(self, files: Sequence[str], schema: pa.Schema) -> Table:
        """Rows of files; timestamps become ms and dates days since 1970-01-01, both as int64.

        Engines differ in what they do to a timestamp, not in what they do to a number.

        Args:
            files: paths; none gives an empty table. `day` comes from the path (``…/day=2025-01-01/…``) if it is
                among the columns.
            schema: columns to read, with the types that they have in the files.
        """
        ...

    def table(self, files: Sequence[str], schema: pa.Schema) -> Table:
        """Rows of files with the types of `schema`."""
        ...

    def kept(self, expression: Table, name: str | None = None) -> AbstractContextManager[Table]:
        """The expression, computed once and kept until the context ends.

        Args:
            name: of the table, for what is prepared to find the next one of this name; any by default.
        """
        ...

    def prepared(self, expression: Table) -> Callable[[], pa.Table]:
        """As `rows`, to be computed again and again of what its tables hold then: it is compiled once."""
        ...

    def rows(self, expression: Table) -> pa.Table:
        """The expression, computed, with the types that Ibis gives it."""
        ...

    def batches(self, expression: Table, rows: int) -> Iterator[pa.RecordBatch]:
        """Likewise, in batches of at most `rows`, without having all at once."""
        ...
