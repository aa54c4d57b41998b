"""What a stack's folder says, without starting anything."""

import os
from pathlib import Path
from random import Random

import msgspec
import psutil
import pytest

from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.errors import StackError
from local_stack.finding import Choice, Origin
from local_stack.local import LocalStack
from local_stack.part import PartRecord
from local_stack.processes import ProcessId
from local_stack.stack import StackRecord


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "EBBWATCH_STACK"):
        monkeypatch.delenv(name, raising=False)


def leave(home: Path, origin: Origin, process: ProcessId, name: str = "default") -> None:
    """What a run with both parts in one process would have left."""
    folder = home / "stacks" / name
    record = StackRecord(Choice(origin, origin), {"kafka": "127.0.0.1:1", "redis": "redis://127.0.0.1:2/0"})
    for part in ("kafka", "redis"):
        (folder / part).mkdir(parents=True)
        (folder / part / "process.json").write_bytes(
            msgspec.json.encode(PartRecord((1, 2), process, "server 1"))
        )
    (folder / "stack.json").write_bytes(msgspec.json.encode(record))


def this_process() -> ProcessId:
    return ProcessId(os.getpid(), psutil.Process().create_time())


def test_there_is_nothing_before_the_first_up(tmp_path: Path) -> None:
    assert stack.find(tmp_path) is None
    assert stack.status(tmp_path).parts == {}
    assert not stack.status(tmp_path).running
    assert not stack.down(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_environment_comes_before_a_running_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tmp_path, "local", this_process())
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "k:9092")
    assert stack.find(tmp_path) == Addresses(
        "k:9092", "redis://127.0.0.1:2/0", "Kafka from the environment, Redis from local processes"
    )
    monkeypatch.setenv("REDIS_URL", "redis://r:6379/1")
    found = stack.find(tmp_path)
    assert found == Addresses("k:9092", "redis://r:6379/1", "Kafka and Redis from the environment")
    monkeypatch.setenv("EBBWATCH_STACK", "local")
    found = stack.find(tmp_path)
    assert found is not None
    assert found.kafka == "127.0.0.1:1"


def test_a_stack_is_found_only_while_its_processes_live(tmp_path: Path) -> None:
    leave(tmp_path, "local", this_process(), "alive")
    former = msgspec.structs.replace(this_process(), started=0.0)
    leave(tmp_path, "local", former, "dead")
    assert stack.find(tmp_path, "alive") == Addresses(
        "127.0.0.1:1", "redis://127.0.0.1:2/0", "Kafka and Redis from local processes"
    )
    assert stack.find(tmp_path, "dead") is None
    assert {part.state for part in stack.status(tmp_path, "dead").parts.values()} == {"stopped"}


def test_containers_are_judged_by_their_ports(tmp_path: Path) -> None:
    leave(tmp_path, "docker", this_process())
    assert stack.find(tmp_path) is None


def test_addresses_of_the_environment_are_not_this_stacks_to_judge(tmp_path: Path) -> None:
    leave(tmp_path, "environment", this_process())
    found = stack.status(tmp_path)
    assert found.running
    assert {part.state for part in found.parts.values()} == {"elsewhere"}


@pytest.mark.parametrize("content", [b"", b"{", b'{"ports": "none"}', b"\xff"])
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: bytes) -> None:
    leave(tmp_path, "local", this_process())
    for file in tmp_path.rglob("*.json"):
        file.write_bytes(content)
    assert stack.find(tmp_path) is None
    own = stack.open_local(tmp_path)
    assert own.kafka.process() is None
    with pytest.raises(StackError, match="never started"):
        own.address("redis")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a b"])
def test_a_name_must_not_leave_the_home(tmp_path: Path, name: str) -> None:
    with pytest.raises(StackError, match="cannot name a stack"):
        stack.status(tmp_path, name)


def test_down_never_touches_a_process_that_only_has_the_same_pid(tmp_path: Path) -> None:
    leave(tmp_path, "local", msgspec.structs.replace(this_process(), started=1.0))
    assert stack.down(tmp_path, wipe=True)  # else this test run ends here
    assert not (tmp_path / "stacks" / "default").exists()


def test_up_names_an_address_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(stack, "_READY_SECONDS", 0.0)
    with pytest.raises(StackError, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        stack.up(tmp_path, progress=lambda _: None)
    assert stack.status(tmp_path).parts == {}


def test_a_frozen_or_killed_part_must_exist(tmp_path: Path) -> None:
    own = LocalStack(tmp_path, Random(1), lambda _: None)
    own.redis.kill()
    assert own.redis.stop()
    with pytest.raises(StackError, match="does not run"):
        own.redis.suspend()
