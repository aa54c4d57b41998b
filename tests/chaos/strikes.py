"""What befalls a deployment: each strike ends one process at once, or freezes it until it is declared dead."""

import json
import time
import urllib.request
from collections.abc import Callable
from random import Random
from typing import Final, Literal, NamedTuple

import psutil
from prometheus_client.parser import text_string_to_metric_families

from feature_store import lookup
from local_stack.local import LocalStack
from local_stack.part import Part
from tests.integration.place import Place, Supervised, eventually

Kind = Literal[
    "worker", "worker and supervisor", "trainer", "trainer and supervisor", "redis", "kafka",
    "freeze", "freeze the trainer",
]  # fmt: skip

KILLS: Final[tuple[Kind, ...]] = (
    "worker", "redis", "kafka", "trainer", "worker and supervisor", "trainer and supervisor", "worker", "trainer",
)  # fmt: skip
"""Dealt out in this proportion."""
FREEZES: Final[tuple[Kind, ...]] = ("freeze", "freeze the trainer")
"""Likewise."""
TRAINER_LAG: Final = "ebbwatch_trainer_lag_records"
_PATIENCE_S: Final = 300.0


class Worker(NamedTuple):
    """A worker under fire, and where it says how it is."""

    running: Supervised
    port: int

    def partitions(self) -> set[int]:
        """What it says it owns; nothing while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return set(json.load(answer)["partitions"])
        except (OSError, ValueError):
            return set()


class TrainerProcess(NamedTuple):
    """The trainer under fire, and where it says how it is."""

    running: Supervised
    port: int

    def lag(self) -> float | None:
        """Records that it has not read yet; None while it does not know."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as answer:
                families = list(text_string_to_metric_families(answer.read().decode()))
        except (OSError, ValueError):
            return None
        lags = [s.value for family in families for s in family.samples if s.name == TRAINER_LAG]
        return sum(lags) if lags else None


class Strike(NamedTuple):
    """What was done, in order."""

    kind: Kind
    at: float
    """Seconds since the storm began."""
    seconds: float
    note: str


class Storm:
    """Strikes at random."""

    def __init__(
        self, stack: LocalStack, place: Place, workers: list[Worker], trainer: Supervised, random: Random
    ) -> None:
        self._stack = stack
        self._place = place
        self._workers = workers
        self._trainer = trainer
        self._random = random
        self._begun = time.monotonic()
        self.strikes: list[Strike] = []

    def deal(self, kills: int, freezes: int) -> list[Kind]:
        """Kinds of the strikes to come, in an order by chance."""
        deck = [KILLS[i % len(KILLS)] for i in range(kills)]
        deck += [FREEZES[i % len(FREEZES)] for i in range(freezes)]
        self._random.shuffle(deck)
        return deck

    def strike(self, kind: Kind) -> Strike:
        """Do it, and undo it; the deployment need not have recovered yet."""
        begun = time.monotonic()
        act: dict[Kind, Callable[[], str]] = {
            "worker": lambda: self._kill(self._any().running),
            "worker and supervisor": lambda: self._kill_both(self._any().running),
            "trainer": lambda: self._kill(self._trainer),
            "trainer and supervisor": lambda: self._kill_both(self._trainer),
            "redis": lambda: self._restart(self._stack.redis),
            "kafka": lambda: self._restart(self._stack.kafka),
            "freeze": self._freeze,
            "freeze the trainer": self._freeze_trainer,
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

    def _any(self) -> Worker:
        return self._random.choice(self._workers)

    def _kill(self, running: Supervised) -> str:
        child = self._child(running)
        child.kill()
        return f"process {child.pid}"

    def _kill_both(self, running: Supervised) -> str:
        running.kill()
        time.sleep(self._random.uniform(0.0, 2.0))
        running.start()
        self._child(running)  # a supervisor that finds no services when it begins gives up, as it has to
        return f"process {running.supervisor.pid} follows"

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
            lambda: frozen.partitions() and other.partitions() and self._child(frozen.running),
            _PATIENCE_S,
        )
        child = self._child(frozen.running)
        child.suspend()
        try:
            eventually("the other one has taken over", lambda: other.partitions() == everything, _PATIENCE_S)
            before = read(self._place)
            eventually("it has read on", lambda: read(self._place) > before, _PATIENCE_S)
        finally:
            child.resume()
        return f"process {child.pid} declared dead, woken: {self._what_becomes_of(child, other)}"

    def _freeze_trainer(self) -> str:
        child = self._child(self._trainer)
        away = self._random.uniform(1.0, 10.0)
        child.suspend()
        try:
            time.sleep(away)
        finally:
            child.resume()
        return f"process {child.pid} for {away:.1f} s"

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

    def _child(self, running: Supervised) -> psutil.Process:
        found = eventually("the process runs", running.child, _PATIENCE_S)
        assert isinstance(found, psutil.Process)
        return found


def read(place: Place) -> int:
    """Records that the store has read so far."""
    with place.store as store:
        return sum(p.offset for p in lookup.positions(store, place.stream()).values())
