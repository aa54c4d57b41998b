"""Who takes part, and how each is started."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).parents[2]
_PEERS: Final = ROOT / "benchmarks" / "peers"
_JAVA: Final = _PEERS / "kafka_streams" / "target"

OURS: Final = "ebbwatch"
LIMIT: Final = "read_and_decode"


class NotBuiltError(RuntimeError):
    """A contestant's program or environment is missing."""


class Peer(msgspec.Struct, frozen=True):
    """A program that takes the command line of `benchmarks.peers.contest`."""

    command: Callable[[], list[str]]
    note: str
    """Where its state lives and where it does less than the worker."""
    most_events: int | None = None
    """A slow one gets the first so many of the same events."""
    writes: bool = True


def _python(environment: str, module: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        python = ROOT / environment / "bin" / "python"
        if not python.exists():
            raise NotBuiltError(
                f"{python} is missing: python3.11 -m venv {environment} && {environment}/bin/pip install "
                "--require-hashes -r requirements/bench.txt"
            )
        return [str(python), "-m", f"benchmarks.peers.{module}"]

    return command


def _java() -> list[str]:
    if not (_JAVA / "kafka-streams-peer.jar").exists():
        raise NotBuiltError(
            f"{_JAVA} is not built: mvn -B -q -f {_PEERS / 'kafka_streams'} package "
            "dependency:copy-dependencies"
        )
    classes = f"{_JAVA / 'kafka-streams-peer.jar'}:{_JAVA / 'dependency'}/*"
    return ["java", "-Xmx2g", "-XX:+UseParallelGC", "-cp", classes, "ebbwatch.peers.Contestant"]


_LESS: Final = "no duplicates, lateness, dead letters or clock; of windows, only 30 days"
_TWICE: Final = f"a crash counts some events twice; {_LESS}"

PEERS: Final[dict[str, Peer]] = {
    "faust_one": Peer(
        _python(".venv-bench", "faust_one"),
        f"state in Redis, one read and one write an event; {_TWICE}",
        50_000,
    ),
    "faust_take": Peer(
        _python(".venv-bench", "faust_take"),
        f"state in Redis, 2,000 events a batch, loses one on error; {_TWICE}",
        300_000,
    ),
    "quix": Peer(
        _python(".venv-bench", "quix"), f"state in RocksDB with changelog topic, batching sink; {_TWICE}"
    ),
    "bytewax": Peer(
        _python(".venv-bench", "bytewax_flow"),
        f"state in memory, SQLite recovery store every 10 s, one worker thread; {_LESS}",
    ),
    "pathway": Peer(
        _python(".venv-bench", "pathway_flow"),
        "state in memory, a log of the input on disk to compute it anew (snapshots of the state need a "
        f"licence key), one worker thread; {_LESS}",
    ),
    "kafka_streams": Peer(
        _java,
        f"in-memory store with cache and changelog topic, two stream threads, fields not checked; {_TWICE}",
    ),
    LIMIT: Peer(_python(".venv", LIMIT), "reads and decodes, keeps nothing", writes=False),
}
ALL: Final = (OURS, *PEERS)
