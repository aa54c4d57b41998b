"""Spark in local mode: the same expressions at a larger scale, and a second opinion in tests."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)

from batch_jobs.engine.engine import EngineError

_SETTINGS: Final = {
    # nothing listens but on this machine, and nobody looks on
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.log.level": "ERROR",
}
_TYPES: Final[dict[pa.DataType, DataType]] = {
    pa.string(): StringType(), pa.int64(): LongType(), pa.int32(): IntegerType(), pa.bool_(): BooleanType(),
    pa.uint64(): LongType(), pa.date32(): DateType(), pa.timestamp("ms", "UTC"): TimestampType(),
}  # fmt: skip


class Spark:
    """One session; of several in a process the last one's settings count."""

    def __init__(
        self, threads: int = 2, memory: str = "1g", partitions: int = 2, more: Mapping[str, str] | None = None
    ) -> None:
        """Starts Java.

        Args:
            memory: of the driver, as Java writes sizes.
            partitions: of a shuffle.
            more: settings of Spark beside those above.
        """
        self.scratch = Path(tempfile.mkdtemp(prefix="spark-"))
        builder = SparkSession.builder.master(f"local[{threads}]").appName("ebbwatch")
        own = {
            "spark.driver.memory": memory,
            "spark.sql.shuffle.partitions": str(partitions),
            "spark.local.dir": str(self.scratch),
            "spark.sql.warehouse.dir": str(self.scratch / "warehouse"),
        }
        for name, value in (_SETTINGS | own | dict(more or {})).items():
            builder = builder.config(name, value)
        self._session = builder.getOrCreate()
        self.backend = ibis.pyspark.connect(self._session)
        self._names = itertools.count()

    def numbers(self, files: Sequence[str], schema: pa.Schema) -> Table:
        """As `Engine.numbers`."""
        found = self._read(files, schema)
        return self._view(found.select([_number(field) for field in schema]))

    def table(self, files: Sequence[str], schema: pa.Schema) -> Table:
        """As `Engine.table`; `hash`, whose 64 bits have no sign, is a number with one here."""
        return self._view(self._read(files, schema).select(schema.names))

    def prepared(self, expression: Table) -> Callable[[], pa.Table]:
        """As `Engine.prepared`."""
        return partial(self.rows, expression)

    def rows(self, expression: Table) -> pa.Table:
        """As `Engine.rows`."""
        try:
            return self.backend.to_pyarrow(expression)
        except PySparkException as fault:
            raise EngineError(f"files cannot be read: {fault}") from fault

    def batches(self, expression: Table, rows: int) -> Iterator[pa.RecordBatch]:
        """As `Engine.batches`."""
        yield from self.rows(expression).to_batches(max_chunksize=rows)

    @contextmanager
    def kept(self, expression: Table, name: str | None = None) -> Iterator[Table]:
        """As `Engine.kept`."""
        frame = self._session.sql(self.backend.compile(expression)).cache()
        try:
            yield self._view(frame, name)
        finally:
            frame.unpersist()

    def close(self) -> None:
        """End Java."""
        self._session.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _read(self, files: Sequence[str], schema: pa.Schema) -> DataFrame:
        if not files:
            kinds = ", ".join(f"`{f.name}` {_TYPES[f.type].simpleString()}" for f in schema)
            return self._session.createDataFrame([], kinds)
        root = next(
            (file.split(f"/{by}=")[0] for by in ("day", "run") if f"/{by}=" in (file := files[0])), None
        )
        reader = self._session.read if root is None else self._session.read.option("basePath", root)
        try:
            return reader.parquet(*files)
        except PySparkException as fault:
            raise EngineError(f"{files[0]} and its neighbours cannot be read: {fault}") from fault

    def _view(self, frame: DataFrame, name: str | None = None) -> Table:
        name = name or f"files_{next(self._names)}"
        frame.createOrReplaceTempView(name)
        return self.backend.table(name)


def _number(field: pa.Field) -> Any:
    column = functions.col(field.name)
    if pa.types.is_timestamp(field.type):
        return functions.unix_millis(column).alias(field.name)
    if pa.types.is_date(field.type):
        return functions.unix_date(column).cast(LongType()).alias(field.name)
    if pa.types.is_int32(field.type):
        return column.cast(LongType()).alias(field.name)
    return column
