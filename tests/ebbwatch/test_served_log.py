"""Which archived log is read: before and after a repartition, with and without Redis."""

from pathlib import Path

import pytest

from batch_jobs.running.source import SourceError
from ebbwatch.served_log import served_log
from ebbwatch.settings import Settings
from feature_store.connect import connect
from feature_store.stream import Stream, serve
from local_stack.local import LocalStack


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "EBBWATCH_ARCHIVE_LOG"):
        monkeypatch.delenv(name, raising=False)
    return Settings(home=tmp_path, stack="local", topic="events")


def made(settings: Settings, name: str) -> str:
    folder = settings.home.absolute() / "archive" / name
    folder.mkdir(parents=True)
    return str(folder)


def test_it_is_that_of_the_topic_that_redis_says_is_served(
    settings: Settings, breakable_redis: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, then = made(settings, "log"), made(settings, "log-events-2-of-24")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("REDIS_URL", breakable_redis.address("redis"))
    store = connect(breakable_redis.address("redis"))
    assert served_log(settings) == first, "nothing is served yet"
    for topic, place in (("events", first), ("events-2-of-24", then), ("orders", first)):
        serve(store, Stream(topic=topic, partitions=24))
        assert served_log(settings) == place
    store.close()
    breakable_redis.redis.kill()
    with pytest.raises(SourceError, match=r"\(log, log-events-2-of-24\).*start Redis.*EBBWATCH_ARCHIVE_LOG"):
        served_log(settings)


def test_without_redis_it_is_the_only_one_there_can_be(settings: Settings) -> None:
    assert served_log(settings) == made(settings, "log")
    made(settings, "log-orders-2-of-3")  # of another deployment
    assert served_log(settings).endswith("/log")
    made(settings, "log-events-3-of-8")
    with pytest.raises(SourceError, match="log-events-3-of-8"):
        served_log(settings)
    named = Settings(home=settings.home, topic="events", archive_log="s3://bucket/log")
    assert served_log(named) == "s3://bucket/log"
