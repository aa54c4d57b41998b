"""The embedded engine: DuckDB, with bounded memory and a folder of its own to spill into."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import ibis
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.engine.engine import EngineError
from batch_jobs.engine.remote import RemoteFiles

_SQL_TYPES: Final = {
    pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.int32(): "INTEGER", pa.uint64(): "UBIGINT",
    pa.bool_(): "BOOLEAN", pa.date32(): "DATE", pa.timestamp("ms", "UTC"): "TIMESTAMPTZ",
}  # fmt: skip
_PARTED: Final = {"day": ", hive_types = {'day': DATE}", "run": ", hive_types = {'run': BIGINT}"}


class DuckDB:
    """One connection in memory."""

    def __init__(self, spill: Path, memory: str, threads: int) -> None:
        """Connects.

        Args:
            spill: folder for what does not fit into memory; made when it is needed.
            memory: as DuckDB writes sizes, ``800MB``.
        """
        self.backend = ibis.duckdb.connect(
            memory_limit=memory, threads=threads, temp_directory=str(spill),
            preserve_insertion_order=False, autoinstall_known_extensions=False, autoload_known_extensions=False,
        )  # fmt: skip
        self.scratch = spill
        self.backend.raw_sql("SET TimeZone = 'UTC'")
        # DuckDB merges nested selects itself; where data are small, Ibis would take longer for it than the query
        ibis.options.sql.fuse_selects = False
        self._names = itertools.count()

    def reach(self, files: RemoteFiles) -> None:
        """Read what lies in an object store, too."""
        self.backend.con.register_filesystem(files)

    def numbers(self, files: Sequence[str], schema: pa.Schema) -> Table:
        """As `Engine.numbers`."""
        return self._view(files, schema, [_number(field) for field in schema])

    def table(self, files: Sequence[str], schema: pa.Schema) -> Table:
        """As `Engine.table`."""
        return self._view(files, schema, [_typed(field) for field in schema])

    @contextmanager
    def kept(self, expression: Table, name: str | None = None) -> Iterator[Table]:
        """As `Engine.kept`."""
        name = name or f"kept_{next(self._names)}"
        with _named(""):
            self.backend.create_table(name, expression, temp=True)
        try:
            yield self.backend.table(name)
        finally:
            self.backend.drop_table(name)

    def prepared(self, expression: Table) -> Callable[[], pa.Table]:
        """As `Engine.prepared`."""
        query = self._typed_query(expression)

        def computed() -> pa.Table:
            with _named(""):
                return self.backend.con.sql(query).to_arrow_table()

        return computed

    def rows(self, expression: Table) -> pa.Table:
        """As `Engine.rows`."""
        with _named(""):
            return self.backend.to_pyarrow(expression)

    def batches(self, expression: Table, rows: int) -> Iterator[pa.RecordBatch]:
        """As `Engine.batches`."""
        with _named(""):
            # Ibis asks DuckDB for batches by a name that it does not have any more
            yield from self.backend.con.sql(self._typed_query(expression)).to_arrow_reader(rows)

    def close(self) -> None:
        """Drop all that is in memory."""
        self.backend.disconnect()

    def _typed_query(self, expression: Table) -> str:
        """With the types that Ibis says: sums have 128 bits unless told."""
        kinds = expression.schema().to_pyarrow()
        columns = ", ".join(f'"{f.name}"::{_SQL_TYPES[f.type]} AS "{f.name}"' for f in kinds)
        return f"SELECT {columns} FROM ({self.backend.compile(expression)})"  # noqa: S608

    def _view(self, files: Sequence[str], schema: pa.Schema, columns: list[str]) -> Table:
        name = f"files_{next(self._names)}"
        source = _scan(files) if files else _nothing(schema)
        with _named(files[0] if files else ""):
            self.backend.raw_sql(f"CREATE TEMP VIEW {name} AS SELECT {', '.join(columns)} FROM {source}")  # noqa: S608
        return self.backend.table(name)


def _number(field: pa.Field) -> str:
    name = f'"{field.name}"'
    if pa.types.is_timestamp(field.type):
        return f"epoch_ms({name}) AS {name}"
    if pa.types.is_date(field.type):
        return f"({name} - DATE '1970-01-01')::BIGINT AS {name}"
    if pa.types.is_int32(field.type):
        return f"{name}::BIGINT AS {name}"
    return name


def _typed(field: pa.Field) -> str:
    name = f'"{field.name}"'
    if pa.types.is_uint64(field.type):  # Parquet of Delta Lake has its 64 bits with a sign
        return (
            f"({name} & 9223372036854775807)::UBIGINT + ({name} < 0)::UBIGINT * 9223372036854775808 AS {name}"
        )
    return name


def _scan(files: Sequence[str]) -> str:
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    kinds = next((kind for name, kind in _PARTED.items() if f"/{name}=" in files[0]), "")
    return f"read_parquet([{listed}], hive_partitioning = true{kinds})"


def _nothing(schema: pa.Schema) -> str:
    nulls = ", ".join(f'NULL::{_SQL_TYPES[field.type]} AS "{field.name}"' for field in schema)
    return f"(SELECT {nulls} WHERE false)"


@contextmanager
def _named(file: str) -> Iterator[None]:
    """Faults of files as ours."""
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.BinderException) as fault:
        where = f"{file} and its neighbours" if file else "the archive's files"
        raise EngineError(f"{where} cannot be read: {fault}") from fault
