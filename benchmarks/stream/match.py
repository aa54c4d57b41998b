"""One contestant, once: started, timed and checked."""

import subprocess
import uuid
from pathlib import Path
from typing import Final

import msgspec
from redis import Redis

from benchmarks.peers.features import UserFeatures
from benchmarks.stream import ours, store
from benchmarks.stream.contestants import OURS, PEERS, ROOT
from benchmarks.stream.events import Loaded, forget
from local_stack.addresses import Addresses

_SECONDS_AT_MOST: Final = 600.0


class ContestantError(RuntimeError):
    """A contestant did not finish; its last words are in the message."""


class Figures(msgspec.Struct, frozen=True):
    """From the first record to the last write; start-up does not count."""

    events_per_second: float
    seconds: float
    cpu_seconds: float
    """Of the contestant's processes."""
    redis_cpu_seconds: float
    differing_users: int
    """Whose features differ from a plain fold; 0 unless a library does not keep the order of events."""


class _Report(msgspec.Struct):
    events: int
    seconds: float
    cpu_seconds: float


def play(
    name: str, at: Addresses, loaded: Loaded, expected: dict[bytes, UserFeatures], logs: Path
) -> Figures:
    """Let a contestant process a topic on an empty Redis.

    Raises:
        ContestantError: it failed, or took too long.
        WrongFeaturesError: what it wrote does not add up.
    """
    group = f"bench-{name.replace('_', '-')}-{uuid.uuid4().hex[:8]}"
    redis = Redis.from_url(at.redis)
    store.empty(redis)
    before = store.cpu_seconds(redis)
    differing = 0
    if name == OURS:
        timed = ours.run(at, loaded, group, logs / f"{name}.log")
        events, seconds, cpu = timed.events, timed.seconds, timed.cpu_seconds
    else:
        report = _run_peer(name, at, loaded, group, logs / f"{name}.log")
        events, seconds, cpu = report.events, report.seconds, report.cpu_seconds
    used = store.cpu_seconds(redis) - before
    if name != OURS and PEERS[name].writes:
        differing = store.differing_users(redis, expected)
    forget(at.kafka, group)
    return Figures(events / seconds, seconds, cpu, used, differing)


def _run_peer(name: str, at: Addresses, loaded: Loaded, group: str, log: Path) -> _Report:
    command = [*PEERS[name].command(), "--kafka", at.kafka, "--redis", at.redis]
    command += ["--topic", loaded.topic, "--group", group, "--events", str(loaded.events)]
    with log.open("wb") as errors:
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=_SECONDS_AT_MOST,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise ContestantError(f"{name} did not finish in {_SECONDS_AT_MOST:.0f} s, see {log}") from late
    reports = [line[line.index(b"{") :] for line in done.stdout.splitlines() if b'{"events"' in line]
    if done.returncode or not reports:
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-10:])
        raise ContestantError(f"{name} ended with code {done.returncode} and no report; {log} ends:\n{tail}")
    return msgspec.json.decode(reports[-1], type=_Report)
