"""The same tables from Spark as from DuckDB."""

from collections.abc import Iterator
from random import Random

import ibis
import pytest

from batch_jobs.cohorts.retention import Retention
from batch_jobs.engagement.engagement import Engagement
from domain.settings import FactSettings
from tests.batch_jobs.cohorts.lives import DAY_MS, star_of
from tests.batch_jobs.cohorts.strategies import lives_of

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.integration,
    # PySpark's own use of pandas and of sockets
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
SETTINGS = FactSettings(inactivity_ms=12 * DAY_MS)


@pytest.fixture(scope="module")
def spark() -> Iterator[ibis.BaseBackend]:
    from pyspark.sql import SparkSession  # noqa: PLC0415

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    yield ibis.pyspark.connect(session)
    session.stop()


@pytest.mark.parametrize("job", [Retention(), Engagement()], ids=lambda job: job.name)
def test_spark_tells_the_same(job: Retention | Engagement, spark: ibis.BaseBackend) -> None:
    lives = lives_of(Random(7), 40)
    here, there = star_of(lives, 95, SETTINGS), star_of(lives, 95, SETTINGS, spark)
    found, wanted = job(there, lambda _what, _share: None), job(here, lambda _what, _share: None)
    assert wanted.keys() == found.keys()
    for name, table in wanted.items():
        assert table.num_rows
        assert found[name].equals(table), name
