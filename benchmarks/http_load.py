"""Requests over keep-alive connections from a process of their own: as fast as they are answered, or at a rate.

At a rate, requests are due at fixed instants, whether or not earlier ones are answered, and a latency counts from
when its request was due: a server that stalls is charged for all whom it keeps waiting (no coordinated omission).

``python -m benchmarks.http_load`` reads a `Job` in JSON on standard input and writes `Outcome` on standard output.
"""

import asyncio
import subprocess
import sys
import time
from collections import deque
from typing import Final, cast

import msgspec
import numpy as np
import uvloop

from benchmarks.stream.contestants import ROOT

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "
_OK: Final = b"HTTP/1.1 200"
_TICK_S: Final = 0.001
"""Requests are due at whole milliseconds: to wait for less, the generator would keep a core busy that others need."""
_QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}


class HttpLoadError(RuntimeError):
    """The server did not answer as it should."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to send."""

    port: int
    paths: list[str]
    """Sent in turn."""
    key: str = ""
    body: str = ""
    """With one, requests are POST of JSON."""
    connections: int = 32
    seconds: float = 0.0
    """How long; 0 for `count` requests."""
    count: int = 0
    rate: float = 0.0
    """Requests a second; 0 for as fast as they are answered."""
    warm_up_s: float = 0.5
    """At first, not counted."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    requests: int
    per_second: float
    milliseconds: dict[str, float]
    """By quantile."""
    bytes_each: float
    failed: int


class _Load:
    """State of one run."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests = [_request(job, path) for path in job.paths]
        self.sent = 0
        self.latencies: list[tuple[float, float]] = []
        """When due, and how long it took, seconds."""
        self.received = 0
        self.failed = 0
        self.waiting: deque[float] = deque()
        """Due times of requests without a connection."""
        self.idle: deque[_Connection] = deque()
        self.begun = time.perf_counter()
        self.over = asyncio.Event()
        self.open = 0
        self.ended = False
        self.broken = False

    def next_request(self) -> bytes:
        self.sent += 1
        return self.requests[self.sent % len(self.requests)]

    def more(self) -> bool:
        """Whether a closed loop goes on."""
        if self.job.seconds:
            return time.perf_counter() - self.begun < self.job.seconds + self.job.warm_up_s
        return self.sent < self.job.count

    def answered(self, connection: "_Connection", due: float, length: int, good: bool) -> None:
        self.latencies.append((due, time.perf_counter() - due))
        self.received += length
        self.failed += not good
        if self.job.rate:
            if self.waiting:
                connection.send(self.waiting.popleft())
            else:
                self.idle.append(connection)
        elif self.more():
            connection.send(time.perf_counter())
        else:
            self.open -= 1
            if not self.open:
                self.over.set()

    def lost(self) -> None:
        self.failed += 1
        if not self.ended:
            self.broken = True
            self.over.set()

    def due(self, at: float) -> None:
        if self.idle:
            self.idle.popleft().send(at)
        else:
            self.waiting.append(at)


class _Connection(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def send(self, due: float) -> None:
        assert self._transport is not None
        self._due = due
        self._transport.write(self._load.next_request())

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(_HEAD_END)
        if end >= 0:
            at = buffer.index(_LENGTH) + len(_LENGTH)
            length = end + 4 + int(buffer[at : buffer.index(b"\r", at)])
            if len(buffer) >= length:
                self._buffer = buffer[length:]
                self._load.answered(self, self._due, length, buffer.startswith(_OK))
                return
        self._buffer = buffer

    def connection_lost(self, _: Exception | None) -> None:
        self._load.lost()


def run(job: Job) -> Outcome:
    """Do a job in a process of its own.

    Raises:
        HttpLoadError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.http_load"],
        cwd=ROOT,
        input=msgspec.json.encode(job),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise HttpLoadError(done.stderr.decode("utf-8", "replace").strip()[-1000:])
    return msgspec.json.decode(done.stdout, type=Outcome)


async def _run(job: Job) -> Outcome:
    load = _Load(job)
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: _Connection(load), "127.0.0.1", job.port))[1]
        for _ in range(job.connections)
    ]
    load.begun = time.perf_counter()
    if job.rate:
        load.idle.extend(connections)
        await _at_rate(load)
    else:
        load.open = len(connections)
        for connection in connections:
            connection.send(time.perf_counter())
        await load.over.wait()
    ended = time.perf_counter()
    load.ended = True
    if load.broken:
        raise HttpLoadError("the server has closed a connection")
    due, took = np.array(load.latencies).T
    warm = due >= load.begun + job.warm_up_s
    kept = took[warm] * 1000
    return Outcome(
        requests=len(kept),
        per_second=len(kept) / (ended - load.begun - job.warm_up_s),
        milliseconds={name: round(float(np.quantile(kept, q)), 3) for name, q in _QUANTILES.items()},
        bytes_each=load.received / len(due),
        failed=load.failed,
    )


async def _at_rate(load: _Load) -> None:
    job = load.job
    total = int((job.seconds + job.warm_up_s) * job.rate)
    number = tick = 0
    while number < total:
        due = load.begun + tick * _TICK_S
        while (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        while number < total and number < tick * _TICK_S * job.rate:
            load.due(due)
            number += 1
        tick += 1
    give_up = time.perf_counter() + 30.0
    while len(load.latencies) < total:
        if load.broken or time.perf_counter() > give_up:
            raise HttpLoadError(f"{total - len(load.latencies):,} of {total:,} requests were never answered")
        await asyncio.sleep(0.01)


def _request(job: Job, path: str) -> bytes:
    lines = [f"{'POST' if job.body else 'GET'} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if job.key:
        lines.append(f"Authorization: Bearer {job.key}")
    if job.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(job.body.encode())}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + job.body).encode()


def main() -> None:
    """The process."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(_run(job))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
