"""HTTP servers that benchmarks start: the API, and what it is compared with."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import psutil

from api.access.secrets import make
from benchmarks.deployment import Deployment, WorkerError
from benchmarks.http_load import Job, Outcome, run
from benchmarks.stream.contestants import ROOT
from control import tables
from domain.control import ApiKey, Scope
from local_stack.ports import free_ports

_START_S: Final = 60.0


class Server:
    """A process that answers HTTP."""

    def __init__(self, process: psutil.Process, port: int) -> None:
        self.process = process
        self.port = port

    def load(self, **job: Any) -> tuple[Outcome, float]:
        """Do a job; its outcome, and the microseconds of CPU that each request took here."""
        before = _cpu(self.process)
        outcome = run(Job(port=self.port, **job))
        took = _cpu(self.process) - before
        warm = outcome.requests / (1 + 0.5 / max(float(job.get("seconds", 0)), 0.5))
        return outcome, took / max(warm, 1) * 1e6


def new_key(here: Deployment, *scopes: Scope) -> str:
    """A key that holds already: written where the notifier would project it to."""
    token = make()
    key = ApiKey(id=token.id, name="bench", digest=token.digest, scopes=scopes, created=0)
    here.store.hset(tables.KEYS, token.id, msgspec.json.encode(key))
    return token.text


@contextmanager
def answering_api(here: Deployment) -> Iterator[Server]:
    """`ebbwatch api`, without the rest of what `ebbwatch run` starts."""
    (port,) = free_ports(1, Random())
    environment = here.environment() | {
        "EBBWATCH_API_PORT": str(port),
        "EBBWATCH_API_PER_SECOND": "10000000",  # counted, and never reached
        "EBBWATCH_TRAINER": "false",
        "EBBWATCH_ARCHIVER": "false",
    }
    command = [sys.executable, "-m", "ebbwatch", "api"]
    with serving(command, environment, here.home / "api.log", port, "/readyz", "api") as server:
        yield server


@contextmanager
def serving(
    command: list[str], environment: dict[str, str], log: Path, port: int, path: str, module: str
) -> Iterator[Server]:
    """A process that answers at a path; ended afterwards.

    Raises:
        WorkerError: it does not answer.
    """
    with log.open("wb") as output:
        popen = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        give_up = time.monotonic() + _START_S
        while not _answers(port, path):
            if popen.poll() is not None or time.monotonic() > give_up:
                raise WorkerError(f"{module} does not answer: {log.read_text('utf-8', 'replace')[-1000:]}")
            time.sleep(0.2)
        parent = psutil.Process(popen.pid)
        found = next((c for c in parent.children() if module in c.cmdline()), parent)
        yield Server(found, port)
    finally:
        popen.terminate()
        popen.wait(30)


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
