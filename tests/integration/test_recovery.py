"""The drills of docs/operations.md: services are lost with their data, and come back from copies and from the log."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotThereError

from archive.address import address_of
from archive.log import open_log
from local_stack.addresses import Addresses
from local_stack.local import LocalStack
from local_stack.ports import free_ports
from local_stack.redis.server import RedisServer
from tests.integration.feed import publish, some_days
from tests.integration.place import Place, eventually


@pytest.fixture
def place(
    stack: Addresses, breakable_redis: LocalStack, tmp_path: Path, unique: Callable[[str], str]
) -> Place:
    """A deployment whose Redis is its own."""
    at = Addresses(stack.kafka, breakable_redis.address("redis"), "tests")
    return Place(tmp_path / "home", at, unique("t")[-28:], archiver=True, partitions=2)


def test_copies_of_redis_and_archive_come_back_and_catch_up(
    place: Place, breakable_redis: LocalStack, tmp_path: Path
) -> None:
    redis, archive = breakable_redis.redis, place.home / "archive" / "log"
    sent = list(some_days(seed=3, users=40, events=1200))
    publish(place, sent[:700])
    place.ebbwatch("run", "--until-idle")
    copies = tmp_path / "copies"
    with Redis.from_url(place.at.redis) as store:
        store.config_set("auto-aof-rewrite-percentage", 0)
        shutil.copytree(redis.dir / "appendonlydir", copies / "appendonlydir")
        store.save()
        shutil.copy(redis.dir / "dump.rdb", copies)
    # what the table's log names is there for a day: its log first, then the files, and a writer may go on
    shutil.copytree(archive / "_delta_log", copies / "log" / "_delta_log")
    shutil.copytree(archive, copies / "log", dirs_exist_ok=True, ignore=shutil.ignore_patterns("_delta_log"))

    publish(place, sent[700:])
    ran = place.report("run", "--until-idle")
    positions = open_log(address_of(archive)).positions(place.partitions)

    for put_back in (_append_only_file, _dump):
        redis.kill()
        shutil.rmtree(redis.dir)
        redis.dir.mkdir()
        put_back(redis, copies)
        redis.start()
        assert place.but(archiver=False).report("run", "--until-idle")["events"] == ran["events"]
        verified = place.report("verify")
        assert verified["identical"], verified["differences"]
        assert verified["events"] == ran["events"]

    redis.kill()
    shutil.rmtree(redis.dir)  # no copy of Redis at all, and an older one of the archive: the log is enough
    redis.start()
    shutil.rmtree(archive)
    shutil.copytree(copies / "log", archive)
    place.ebbwatch("run", "--until-idle")
    assert place.report("verify")["events"] == ran["events"]
    assert open_log(address_of(archive)).positions(place.partitions) == positions


def _append_only_file(redis: RedisServer, copies: Path) -> None:
    shutil.copytree(copies / "appendonlydir", redis.dir / "appendonlydir")


def _dump(redis: RedisServer, copies: Path) -> None:
    """With the append-only file on and none there, Redis begins empty: it reads a dump only while that is off."""
    shutil.copy(copies / "dump.rdb", redis.dir)
    (port,) = free_ports(1, Random())
    command = [*redis.prepare((redis.port,))[0], "--port", str(port), "--appendonly", "no"]
    with subprocess.Popen(command), Redis(port=port) as store:

        def loaded() -> bool:
            try:
                return bool(store.dbsize())
            except NotThereError:
                return False

        eventually("the dump is read", loaded)
        store.config_set("appendonly", "yes")
        eventually("it is written anew", lambda: (redis.dir / "appendonlydir").exists() and _quiet(store))
        store.shutdown(nosave=True)


def _quiet(store: "Redis") -> bool:
    found = store.info("persistence")
    return not found["aof_rewrite_in_progress"] and not found["aof_rewrite_scheduled"]
