"""What befalls a deployment: each strike ends one process at once, or freezes it until it is declared dead."""

import json
import time
import urllib.request
from collections.abc import Callable
from random import Random
from typing import Final, Literal, NamedTuple

import psutil

from feature_store import lookup
from local_stack.local import LocalStack
from local_stack.part import Part
from tests.integration.place import Place, RunningWorker, eventually

Kind = Literal["worker", "worker and supervisor", "redis", "kafka", "freeze"]

KILLS: Final[tuple[Kind, ...]] = ("worker", "redis", "kafka", "worker and supervisor", "worker")
"""Dealt out in this proportion."""
_PATIENCE_S: Final = 150.0


class Worker(NamedTuple):
    """A worker under fire, and where it says how it is."""

    running: RunningWorker
    port: int

    def partitions(self) -> set[int]:
        """What it says it owns; nothing while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return set(json.load(answer)["partitions"])
        except (OSError, ValueError):
            return set()


class Strike(NamedTuple):
    """What was done, in order."""

    kind: Kind
    at: float
    """Seconds since the storm began."""
    seconds: float
    note: str


class Storm:
    """Strikes at random."""

    def __init__(self, stack: LocalStack, place: Place, workers: list[Worker], random: Random) -> None:
        self._stack = stack
        self._place = place
        self._workers = workers
        self._random = random
        self._begun = time.monotonic()
        self.strikes: list[Strike] = []

    def deal(self, kills: int, freezes: int) -> list[Kind]:
        """Kinds of the strikes to come, each kind once before chance decides the order of the rest."""
        deck = [KILLS[i % len(KILLS)] for i in range(kills)] + ["freeze"] * freezes
        self._random.shuffle(deck)
        return deck

    def strike(self, kind: Kind) -> Strike:
        """Do it, and undo it; the deployment need not have recovered yet."""
        begun = time.monotonic()
        act: dict[Kind, Callable[[], str]] = {
            "worker": self._kill_worker,
            "worker and supervisor": self._kill_both,
            "redis": lambda: self._restart(self._stack.redis),
            "kafka": lambda: self._restart(self._stack.kafka),
            "freeze": self._freeze,
        }
        note = act[kind]()
        self.strikes.append(Strike(kind, begun - self._begun, time.monotonic() - begun, note))
        return self.strikes[-1]

    def breathe(self) -> None:
        """Mostly let the workers get on with something before the next strike; sometimes strike while down."""
        if self._random.random() < 0.75:
            before = read(self._place)
            eventually("the workers read on", lambda: read(self._place) > before, _PATIENCE_S)
        time.sleep(self._random.uniform(0.2, 2.0))

    def _kill_worker(self) -> str:
        worker = self._random.choice(self._workers)
        child = self._child(worker)
        child.kill()
        return f"process {child.pid}"

    def _kill_both(self) -> str:
        worker = self._random.choice(self._workers)
        worker.running.kill()
        time.sleep(self._random.uniform(0.0, 2.0))
        worker.running.start()
        return f"process {worker.running.supervisor.pid} follows"

    def _restart(self, part: Part) -> str:
        part.kill()
        away = self._random.uniform(0.0, 2.0)
        time.sleep(away)
        part.start()
        return f"away for {away:.1f} s and its start"

    def _freeze(self) -> str:
        frozen, other = self._random.sample(self._workers, 2)
        everything = set(range(self._place.partitions))
        eventually(
            "both workers share the partitions",
            lambda: frozen.partitions() and other.partitions() and self._child(frozen),
            _PATIENCE_S,
        )
        child = self._child(frozen)
        child.suspend()
        try:
            eventually("the other one has taken over", lambda: other.partitions() == everything, _PATIENCE_S)
            before = read(self._place)
            eventually("it has read on", lambda: read(self._place) > before, _PATIENCE_S)
        finally:
            child.resume()
        return f"process {child.pid} declared dead, woken: {self._what_becomes_of(child, other)}"

    def _what_becomes_of(self, child: psutil.Process, other: Worker) -> str:
        everything = set(range(self._place.partitions))

        def settled() -> str:
            try:
                if child.status() == psutil.STATUS_ZOMBIE:
                    return "fenced, started anew"
            except psutil.NoSuchProcess:
                return "fenced, started anew"
            return "joined again" if other.partitions() < everything else ""

        return str(eventually("the woken one has found its place", settled, _PATIENCE_S))

    def _child(self, worker: Worker) -> psutil.Process:
        found = eventually("the worker runs", worker.running.child, _PATIENCE_S)
        assert isinstance(found, psutil.Process)
        return found


def read(place: Place) -> int:
    """Records that the store has read so far."""
    with place.store as store:
        return sum(p.offset for p in lookup.positions(store, place.stream()).values())
