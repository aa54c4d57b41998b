"""A named stack under a home folder: up, status, down, find.

Its folder ``home/stacks/<name>`` holds ``stack.json`` (where each part was taken from) and one folder
for each local process. Several stacks run side by side; each keeps its ports and data between runs.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from typing import Literal

import msgspec

from connections.redis import address, shown
from local_stack import docker, ports
from local_stack.addresses import Addresses
from local_stack.errors import StackError
from local_stack.files import write_atomically
from local_stack.finding import (
    KAFKA_VARIABLE,
    Choice,
    Origin,
    choose,
    look,
    wanted_origin,
)
from local_stack.local import LocalStack
from local_stack.readiness import await_ready

_READY_SECONDS = 15.0

State = Literal["running", "stopped", "elsewhere"]


class StackRecord(msgspec.Struct, frozen=True):
    """What ``up`` decided."""

    choice: Choice
    addresses: dict[str, str]
    """Of ``kafka`` and ``redis``."""


class PartStatus(msgspec.Struct, frozen=True):
    """One part as it is now."""

    origin: Origin
    address: str
    state: State
    """``elsewhere``: its address is from the environment, so it is not this stack's to judge or stop."""
    pid: int | None
    software: str


class Status(msgspec.Struct, frozen=True):
    """A stack as it is now; `parts` is empty if there never was one of that name."""

    name: str
    folder: str
    running: bool
    parts: dict[str, PartStatus]


def up(home: Path, *, name: str = "default", progress: Callable[[str], None]) -> Addresses:
    """Finds or starts Kafka and Redis and returns when both answer; what already runs is kept.

    Each part is looked for in the environment, then in Docker, then started as a local process;
    ``EBBWATCH_STACK=env|docker|local`` allows one place only.

    Args:
        home: folder of local state.
        name: which stack under `home`.
        progress: gets a line for people at each step.

    Raises:
        StackError: a part cannot be had; the text says what to install or where to look.
    """
    folder = _folder(home, name)
    with _alone(folder):
        wanted = wanted_origin(os.environ)
        facts = look(os.environ, wanted)
        choice = choose(facts, wanted)
        progress(choice.text)
        given = {"kafka": facts.kafka_address, "redis": facts.redis_address}
        addresses = {part: address for part, address in given.items() if address is not None}
        origins: dict[str, Origin] = {"kafka": choice.kafka, "redis": choice.redis}
        local = LocalStack(folder, SystemRandom(), progress)
        addresses |= _up_in_docker(folder, [part for part, origin in origins.items() if origin == "docker"])
        for part, origin in origins.items():
            if origin == "local":
                local.parts[part].start()
                addresses[part] = local.address(part)
        found = Addresses(addresses["kafka"], addresses["redis"], choice.text)
        await_ready(found, seconds=_READY_SECONDS)
        kept = {"kafka": found.kafka, "redis": shown(found.redis)}  # a password stays where it came from
        write_atomically(_record_file(folder), msgspec.json.encode(StackRecord(choice, kept)))
        return found


def status(home: Path, name: str = "default") -> Status:
    """What a stack is made of and whether each part's process or port is there."""
    folder = _folder(home, name)
    record = _record(folder)
    parts = (
        {} if record is None else {part: _part_status(folder, record, part) for part in ("kafka", "redis")}
    )
    running = bool(parts) and all(part.state != "stopped" for part in parts.values())
    return Status(name, str(folder), running, parts)


def down(
    home: Path, name: str = "default", *, wipe: bool = False, progress: Callable[[str], None] = lambda _: None
) -> bool:
    """Stops what this stack started; its data stays for the next ``up`` unless `wipe`.

    Returns:
        False if there was no such stack.

    Raises:
        StackError: a part cannot be stopped.
    """
    folder = _folder(home, name)
    if not folder.exists():
        return False
    with _alone(folder):
        local = LocalStack(folder, SystemRandom(), progress)
        for part in reversed(local.parts.values()):
            part.stop()
        record = _record(folder)
        if record is not None and "docker" in (record.choice.kafka, record.choice.redis):
            progress("Docker: stopping the containers")
            docker.down(folder, wipe=wipe)
        if wipe:
            shutil.rmtree(folder)
    return True


def find(home: Path, name: str = "default") -> Addresses | None:
    """Addresses of Kafka and Redis for a command that needs both; None if either is missing.

    Each from the environment if it is there, else from the stack `name` under `home` if it runs.
    """
    given: dict[str, str] = {}
    if wanted_origin(os.environ) in ("auto", "env"):
        where = {"kafka": os.environ.get(KAFKA_VARIABLE), "redis": address(os.environ)}
        given = {part: at for part, at in where.items() if at}
    running = {part: now for part, now in status(home, name).parts.items() if now.state != "stopped"}
    addresses = {part: now.address for part, now in running.items()} | given
    if len(addresses) < 2:
        return None
    origins: dict[str, Origin] = {part: now.origin for part, now in running.items()}
    origins |= dict.fromkeys(given, "environment")
    choice = Choice(origins["kafka"], origins["redis"])
    return Addresses(addresses["kafka"], addresses["redis"], choice.text)


def open_local(
    home: Path, name: str = "default", *, progress: Callable[[str], None] = lambda _: None
) -> LocalStack:
    """The local processes of a stack, to kill, freeze and start them one by one.

    A part started this way keeps its ports unless another program took them meanwhile.
    """
    return LocalStack(_folder(home, name), SystemRandom(), progress)


def _folder(home: Path, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise StackError(f"{name!r} cannot name a stack: take letters, digits, - and _")
    return home.resolve() / "stacks" / name


def _record_file(folder: Path) -> Path:
    return folder / "stack.json"


def _record(folder: Path) -> StackRecord | None:
    try:
        return msgspec.json.decode(_record_file(folder).read_bytes(), type=StackRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _part_status(folder: Path, record: StackRecord, name: str) -> PartStatus:
    origin = record.choice.kafka if name == "kafka" else record.choice.redis
    address = record.addresses[name]
    if origin == "environment":
        return PartStatus(origin, address, "elsewhere", None, "")
    if origin == "docker":
        port = int(address.removesuffix("/0").rpartition(":")[2])
        return PartStatus(origin, address, "running" if ports.is_open(port) else "stopped", None, "container")
    part = LocalStack(folder, SystemRandom(), lambda _: None).parts[name]
    process = part.process()
    state: State = "stopped" if process is None else "running"
    return PartStatus(origin, address, state, process.pid if process else None, part.record.software)


def _up_in_docker(folder: Path, names: list[str]) -> dict[str, str]:
    if not names:
        return {}
    record = _record(folder)
    before = record.addresses if record else {}
    chosen: dict[str, int] = {}
    for name, port in zip(names, ports.free_ports(len(names), SystemRandom()), strict=True):
        kept = before.get(name, "").removesuffix("/0").rpartition(":")[2]
        chosen[name] = int(kept) if kept else port
    docker.up(folder, chosen)
    return {name: docker.address(name, port) for name, port in chosen.items()}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two commands must not start or stop the same stack at once: the second waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.with_suffix(".lock")).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
