"""Keeps one worker or trainer process alive: one that lost its ground exits, and a fresh one finds it."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import msgspec

from stream_processors.config import ENVIRONMENT, EXIT_LOST, EXIT_REFUSED, LOST
from stream_processors.priority import stand_back

log = logging.getLogger("ebbwatch.supervisor")

WORKER: Final = (sys.executable, "-m", "stream_processors.worker")
TRAINER: Final = (sys.executable, "-m", "stream_processors.trainer")
NOTIFIER: Final = (sys.executable, "-m", "stream_processors.notifier")
ARCHIVER: Final = (sys.executable, "-m", "stream_processors.archiver")
COURIER: Final = (sys.executable, "-m", "stream_processors.courier")
API: Final = (sys.executable, "-m", "api")

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_LIVED_S = 30.0  # a worker that lived so long did not fail at its start


class Supervisor:
    """Starts a worker, waits for it, and starts it anew until told to stop.

    Each restart is counted and logged: a crash loop must not be silent.
    """

    def __init__(
        self,
        configure: Callable[[int], msgspec.Struct],
        output: Path | None = None,
        away: tuple[type[Exception], ...] = (),
        command: Sequence[str] = WORKER,
        name: str = "worker",
        environment: str = ENVIRONMENT,
        nice: int = 0,
    ) -> None:
        """
        Args:
            configure: gives the configuration for a start, from the number of restarts so far; asked before
                each start, so that a moved stream pointer is followed.
            output: log file of the workers; None for standard error.
            away: what `configure` raises while a service is away: it is asked again then.
            command: the process's arguments.
            name: what its log calls it.
            environment: the variable that carries the configuration.
            nice: how far the process yields to others on its machine (`priority.stand_back`).
        """
        self._configure = configure
        self._output = output
        self._away = away
        self._command = list(command)
        self._name = name
        self._environment = environment
        self._nice = nice
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self.lost = 0
        """Of them, since the process had lost its ground."""

    def run(self) -> int:
        """Until `stop`, or a refusal; returns the exit code to pass on.

        What `configure` raises is raised, but for `away`.
        """
        pause = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                config = self._configure(self.restarts)
            except self._away as fault:
                log.warning("no %s can start yet (%s); again in %.1f s", self._name, fault, pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            code = self._run_once(config)
            if self._stopping.is_set() or code == 0:
                return 0 if code in (0, -signal.SIGTERM) else code
            if code == EXIT_REFUSED:
                return code
            self.restarts += 1
            self.lost += code == EXIT_LOST
            if time.monotonic() - begun > _LIVED_S:
                pause = _FIRST_PAUSE_S
            log.warning("%s ended with %s; restart %s in %.1f s", self._name, code, self.restarts, pause)
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        return 0

    def _run_once(self, config: msgspec.Struct) -> int:
        # two arenas: glibc keeps one for each thread otherwise, and what large batches freed in them
        environment = os.environ | {
            "MALLOC_ARENA_MAX": "2",
            LOST: str(self.lost),
            self._environment: msgspec.json.encode(config).decode(),
        }
        with self._output.open("ab") if self._output else nullcontext() as output:
            # a session of its own: Ctrl-C reaches the supervisor, which ends the worker cleanly
            self._process = subprocess.Popen(
                self._command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        stand_back(self._process.pid, self._nice)
        if self._stopping.is_set():
            self._process.terminate()
        return self._process.wait()

    def stop(self) -> None:
        """End the worker cleanly; `run` returns then. Safe in a signal handler."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
