"""What a measurement was taken on."""

import platform
import re
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from benchmarks.stream import store
from benchmarks.stream.contestants import ROOT
from local_stack.addresses import Addresses

_OURS = ("aiokafka", "confluent-kafka", "faust-streaming", "msgspec", "numba", "numpy", "redis")
_PEERS = ("bytewax", "confluent-kafka", "faust-streaming", "pathway", "quixstreams", "redis", "uvloop")


def conditions(at: Addresses, date: str) -> dict[str, Any]:
    """Machine, software and versions; `date` as it shall be shown."""
    return {
        "date": date,
        "cpu": _cpu_model(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "java": _java_version(),
        "redis": f"{store.version(Redis.from_url(at.redis))}, append-only file, synced at every write",
        "stack": at.source,
        "versions": {name: version(name) for name in _OURS},
        "peer_versions": _peer_versions(_PEERS) | {"kafka-streams": _kafka_streams_version()},
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _java_version() -> str:
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    return done.stderr.splitlines()[0] if done.stderr else "none"


def _peer_versions(names: Iterable[str]) -> dict[str, str]:
    """As locked: the benchmark's environment is built from that file."""
    locked = (ROOT / "requirements" / "bench.txt").read_text("utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", locked, re.MULTILINE))
    return {name: pins[name] for name in names}


def _kafka_streams_version() -> str:
    pom = (ROOT / "benchmarks" / "peers" / "kafka_streams" / "pom.xml").read_text("utf-8")
    found = re.search(r"<artifactId>kafka-streams</artifactId>\s*<version>([^<]+)", pom)
    assert found is not None
    return found[1]
