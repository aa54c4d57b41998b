"""The process that works on workspaces, some at once and each in a process of its own, and deletes what expires."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from advisor.workspaces.config import ENVIRONMENT, AdvisorConfig
from advisor.workspaces.folders import UnknownWorkspaceError, Workspaces
from advisor.workspaces.work import GivenUpError, Job
from advisor.workspaces.workspace import TO_DO, Workspace, moved
from logs.beginning import begin

log = logging.getLogger("ebbwatch.advisor")

_WORK: Final = (sys.executable, "-m", "advisor.workspaces.work")
_LOOK_S: Final = 0.3
_SWEEP_S: Final = 60.0
_TRIES: Final = 2


class Advisor:
    """Until told to stop."""

    def __init__(self, config: AdvisorConfig) -> None:
        self._config = config
        self._workspaces = Workspaces(Path(config.root))
        self._stopping = threading.Event()
        self._running: dict[str, tuple[subprocess.Popen[bytes], Workspace]] = {}
        self._failed: dict[str, int] = {}
        self._swept = float("-inf")

    def stop(self, *_: object) -> None:
        """Work under way is ended, and done anew at the next start."""
        self._stopping.set()

    def run(self) -> None:
        """Look for work, and do it."""
        try:
            while not self._stopping.is_set():
                self._reap()
                if time.monotonic() - self._swept > _SWEEP_S:
                    self._swept = time.monotonic()
                    for id_ in self._workspaces.sweep(time.time_ns() // 1_000_000):
                        log.info("workspace %s has expired, and is deleted", id_)
                self._start()
                self._stopping.wait(_LOOK_S)
        finally:
            for id_, (process, _) in list(self._running.items()):
                process.kill()
                self._ended(id_, process)

    def _start(self) -> None:
        for id_ in self._workspaces.ids():
            if len(self._running) >= self._config.at_once:
                return
            try:
                workspace = self._workspaces.read(id_)
            except UnknownWorkspaceError:
                continue
            if workspace.state not in TO_DO or id_ in self._running:
                continue
            job = Job(
                root=self._config.root, id=id_, facts=self._config.facts, contestants=self._config.contestants,
                learners=self._config.learners,
            )  # fmt: skip
            process = subprocess.Popen(_WORK, stdin=subprocess.PIPE, start_new_session=True)
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            process.stdin.flush()  # and stays open: it ends with us, however we end
            self._running[id_] = (process, workspace)

    def _reap(self) -> None:
        for id_, (process, workspace) in list(self._running.items()):
            if process.poll() is None:
                continue
            code = self._ended(id_, process)
            if code == 0:
                self._failed.pop(id_, None)
                continue
            self._failed[id_] = self._failed.get(id_, 0) + 1
            log.warning("work on workspace %s ended with %s", id_, code)
            if self._failed[id_] >= _TRIES:
                del self._failed[id_]
                self._give_up(id_, workspace)

    def _ended(self, id_: str, process: subprocess.Popen[bytes]) -> int:
        assert process.stdin is not None
        process.stdin.close()
        del self._running[id_]
        code = process.wait()
        self._workspaces.done(id_)
        return code

    def _give_up(self, id_: str, workspace: Workspace) -> None:
        why = (
            "The file needs more memory or time than it is given: leave out columns that are not needed, or send a "
            "shorter time."
        )

        def failed(now: Workspace) -> Workspace:
            if now != workspace:
                raise GivenUpError
            return moved(now, "failed", error=why)

        with suppress(GivenUpError, UnknownWorkspaceError):
            self._workspaces.change(id_, failed)


def main() -> None:
    """Run until told to stop."""
    advisor = Advisor(msgspec.json.decode(os.environ[ENVIRONMENT], type=AdvisorConfig))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, advisor.stop)
    advisor.run()


if __name__ == "__main__":
    begin("advisor")
    main()
