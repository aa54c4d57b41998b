"""The star's expressions on Spark and on DuckDB, over the same files: equal tables."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from batch_jobs.engine.engine import Engine
from batch_jobs.engine.spark import Spark
from batch_jobs.star import daily, happenings
from batch_jobs.star.events import READ, events, once
from batch_jobs.star.users import users
from tests.batch_jobs.star.archives import Archive, ordered
from tests.batch_jobs.star.happened import DAY, HOUR, MINUTE, MONDAY, SETTINGS, Kind, many
from tests.batch_jobs.star.slow import Tables

STEPS = (0, 1, MINUTE, 30 * MINUTE, HOUR, 20 * HOUR, 2 * DAY)
"""So that there are few days: each is a file, and Spark takes its time over every file."""


QUICK = {
    # little data: compiling takes longer than it saves
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    engine = Spark(partitions=1, more=QUICK)
    yield engine
    engine.close()


def computed(engine: Engine, files: list[str], as_of: int) -> Tables:
    with engine.kept(once(events(engine.numbers(files, READ)))) as found:
        expressions = {
            "daily": daily.daily(found, found, SETTINGS),
            "usage": happenings.usage(found, SETTINGS),
            "changes": happenings.changes(found, SETTINGS),
            "treatments": happenings.treatments(found),
        }
        with engine.kept(expressions["daily"]) as days, engine.kept(expressions["changes"]) as changes:
            expressions["users"] = users(days, changes, as_of, SETTINGS)
            return {name: _plain(engine.rows(expression)) for name, expression in expressions.items()}


def _plain(rows: pa.Table) -> list[dict[str, object]]:
    kinds = {field.type for field in rows.schema}
    assert kinds <= {pa.string(), pa.int64(), pa.bool_()}, rows.schema
    return ordered(rows.to_pylist())


def test_spark_and_duckdb_give_equal_tables(spark: Spark, tmp_path: Path) -> None:
    archive = Archive(tmp_path, SETTINGS)
    archive.add(many(Random(5), Kind(steps=STEPS), 80, 12))
    files = [str(file) for file in sorted((tmp_path / "log").glob("day=*/*.parquet"))]
    duck = archive.engine()
    try:
        expected = computed(duck, files, MONDAY + 60 * DAY)
    finally:
        duck.close()
    found = computed(spark, files, MONDAY + 60 * DAY)
    for name, rows in expected.items():
        assert found[name] == rows, name
        assert rows
