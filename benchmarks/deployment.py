"""A deployment of a benchmark's own: Kafka, Redis and topics in a folder that is wiped, workers as processes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import psutil
from redis import Redis
from rich.console import Console

from benchmarks.stream.contestants import ROOT
from benchmarks.stream.store import require_durable
from control.log import Log
from feature_store import lookup, stream
from local_stack import stack
from local_stack.addresses import Addresses
from producers.topics import ensure_topics
from stream_processors.supervisor import WORKER

PARTITIONS: Final = 12
TOPIC: Final = "session-events"
_DEAD_LETTERS: Final = "dead-letters"
_STACK: Final = "bench"
_LOOK_S: Final = 0.25
_START_S: Final = 120.0
_STOP_S: Final = 30.0
EBBWATCH: Final = str(Path(sys.executable).parent / "ebbwatch")


class WorkerError(RuntimeError):
    """The worker did not do what the benchmark measures."""


class Deployment(msgspec.Struct, frozen=True):
    """Where everything is."""

    home: Path
    at: Addresses
    store: Redis

    def environment(self, topic: str = TOPIC) -> dict[str, str]:
        """What a command of this project needs to work on `topic`."""
        return os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": self.at.kafka,
            "REDIS_URL": self.at.redis,
            "EBBWATCH_STACK": "env",
            "EBBWATCH_HOME": str(self.home),
            "EBBWATCH_TOPIC": topic,
            "EBBWATCH_DEAD_LETTER_TOPIC": _DEAD_LETTERS,
            "EBBWATCH_PARTITIONS": str(PARTITIONS),
            "EBBWATCH_GROUP": f"bench-{topic}",
        }

    def command(self, *arguments: str, topic: str = TOPIC) -> float:
        """Run a command of this project to its end; returns the seconds that it took.

        Raises:
            WorkerError: it failed; its last words are in the message.
        """
        begun = time.monotonic()
        done = subprocess.run(
            [EBBWATCH, *arguments], cwd=ROOT, env=self.environment(topic), capture_output=True, check=False
        )
        if done.returncode:
            tail = done.stderr.decode("utf-8", "replace").strip()[-1000:]
            raise WorkerError(f"ebbwatch {' '.join(arguments)} ended with code {done.returncode}: {tail}")
        return time.monotonic() - begun

    def begin(self, topic: str = TOPIC) -> None:
        """Create the topic, and make it the one that the store serves.

        Raises:
            TopicError: Kafka does not answer.
        """
        ensure_topics(self.at.kafka, topic, PARTITIONS, _DEAD_LETTERS)
        stream.load_or_begin(self.store, topic, PARTITIONS)

    def read(self) -> int:
        """Records behind the positions of all partitions."""
        served = stream.load(self.store)
        return 0 if served is None else sum(p.offset for p in lookup.positions(self.store, served).values())

    def end(self, topic: str = TOPIC) -> int:
        """Records in the log."""
        with Log(self.at.kafka, topic) as log:
            return sum(log.ends(PARTITIONS).values())

    def totals(self) -> lookup.Totals:
        """Outcomes and users so far."""
        served = stream.load(self.store)
        assert served is not None
        return lookup.totals(self.store, served)


class Worker:
    """`ebbwatch worker`: a supervisor and the process that it supervises."""

    def __init__(self, supervisor: subprocess.Popen[bytes], log: Path) -> None:
        self._supervisor = psutil.Process(supervisor.pid)
        self._popen = supervisor
        self._log = log
        self._process: psutil.Process | None = None

    def process(self) -> psutil.Process | None:
        """The supervised process, None while it is not there yet."""
        if self._process is None:
            # the supervisor's libraries start short-lived processes of their own
            found = (c for c in self._supervisor.children() if WORKER[-1] in c.cmdline())
            self._process = next(found, None)
        return self._process

    def check(self) -> None:
        """Raises `WorkerError` if the worker has ended or was started anew."""
        if self._popen.poll() is not None:
            raise WorkerError(f"the worker ended with code {self._popen.returncode}: {self._tail()}")
        process = self.process()
        if process is not None and not process.is_running():
            raise WorkerError(f"the worker was started anew: {self._tail()}")

    def _tail(self) -> str:
        return self._log.read_text("utf-8", "replace").strip()[-1000:]

    def until(self, reached: Callable[[], bool], seconds: float, look: Callable[[], None]) -> None:
        """Wait for a condition; `look` is called every quarter of a second.

        Raises:
            WorkerError: the worker ended, or took too long.
        """
        give_up = time.monotonic() + seconds
        while not reached():
            self.check()
            look()
            if time.monotonic() > give_up:
                raise WorkerError(f"the worker is not done after {seconds:.0f} s: {self._tail()}")
            time.sleep(_LOOK_S)


@contextmanager
def deployment(console: Console) -> Iterator[Deployment]:
    """An empty one, gone afterwards.

    Raises:
        StackError: Kafka or Redis cannot be had.
        UnsafeRedisError: Redis does not sync every write, so figures would not compare.
    """
    with tempfile.TemporaryDirectory(prefix="ebbwatch-bench-") as folder:
        home = Path(folder)
        try:
            at = stack.up(home, name=_STACK, progress=lambda text: console.print(text, style="dim"))
            store = Redis.from_url(at.redis)
            require_durable(store)
            yield Deployment(home, at, store)
        finally:
            stack.down(home, _STACK, wipe=True)


@contextmanager
def working(here: Deployment, topic: str = TOPIC) -> Iterator[Worker]:
    """One worker on `topic`, which has taken over all partitions; ended cleanly afterwards.

    Raises:
        WorkerError: it does not start.
    """
    log = here.home / f"worker-{topic}.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [EBBWATCH, "worker"], cwd=ROOT, env=here.environment(topic), stdout=output, stderr=output
        )
        try:
            worker = Worker(popen, log)
            worker.until(lambda: worker.process() is not None, _START_S, lambda: None)
            yield worker
        finally:
            popen.terminate()
            popen.wait(_STOP_S)


def resident(process: psutil.Process) -> float:
    """Memory of a process in main memory, MB (10^6 bytes)."""
    return process.memory_info().rss / 1e6
