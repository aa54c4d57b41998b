"""Keeps one worker process alive: a worker that lost its ground exits, and a fresh one finds it."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import msgspec

from stream_processors.config import ENVIRONMENT, EXIT_REFUSED, WorkerConfig

log = logging.getLogger("ebbwatch.supervisor")

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_LIVED_S = 30.0  # a worker that lived so long did not fail at its start


class Supervisor:
    """Starts a worker, waits for it, and starts it anew until told to stop.

    Each restart is counted and logged: a crash loop must not be silent.
    """

    def __init__(self, configure: Callable[[int], WorkerConfig], output: Path | None = None) -> None:
        """
        Args:
            configure: gives the configuration for a start, from the number of restarts so far; asked before
                each start, so that a moved stream pointer is followed.
            output: log file of the workers; None for standard error.
        """
        self._configure = configure
        self._output = output
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0

    def run(self) -> int:
        """Until `stop`, or a refusal; returns the exit code to pass on."""
        pause = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = self._run_once()
            if self._stopping.is_set() or code == 0:
                return 0 if code in (0, -signal.SIGTERM) else code
            if code == EXIT_REFUSED:
                return code
            self.restarts += 1
            if time.monotonic() - begun > _LIVED_S:
                pause = _FIRST_PAUSE_S
            log.warning("worker ended with %s; restart %s in %.1f s", code, self.restarts, pause)
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        return 0

    def _run_once(self) -> int:
        config = self._configure(self.restarts)
        # two arenas: glibc keeps one for each thread otherwise, and what large batches freed in them
        environment = os.environ | {
            "MALLOC_ARENA_MAX": "2",
            ENVIRONMENT: msgspec.json.encode(config).decode(),
        }
        command = [sys.executable, "-m", "stream_processors.worker"]
        with self._output.open("ab") if self._output else nullcontext() as output:
            # a session of its own: Ctrl-C reaches the supervisor, which ends the worker cleanly
            self._process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        if self._stopping.is_set():
            self._process.terminate()
        return self._process.wait()

    def stop(self) -> None:
        """End the worker cleanly; `run` returns then. Safe in a signal handler."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
