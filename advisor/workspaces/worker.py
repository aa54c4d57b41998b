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
from typing import Final, NamedTuple

import msgspec
from prometheus_client import CollectorRegistry

from advisor.workspaces.config import ENVIRONMENT, AdvisorConfig
from advisor.workspaces.folders import UnknownWorkspaceError, Workspaces
from advisor.workspaces.metrics import AdvisorMetrics
from advisor.workspaces.outcomes import ENDED, STEP_OF, outcome
from advisor.workspaces.survey import look, queued, surveyed
from advisor.workspaces.work import GivenUpError, Job
from advisor.workspaces.workspace import TO_DO, Workspace, moved
from exposition import port as ports
from logs.beginning import begin

log = logging.getLogger("ebbwatch.advisor")

_WORK: Final = (sys.executable, "-m", "advisor.workspaces.work")
_LOOK_S: Final = 0.3
_SWEEP_S: Final = 60.0
_SURVEY_S: Final = 5.0
_TRIES: Final = 2
_STALLED_S: Final = 120.0
"""Longer than it takes to delete what has expired."""


class _Work(NamedTuple):
    """Under way."""

    process: subprocess.Popen[bytes]
    workspace: Workspace
    began: float
    """Seconds, of a clock that only goes forward."""


class Advisor:
    """Until told to stop."""

    def __init__(self, config: AdvisorConfig, metrics: AdvisorMetrics) -> None:
        self._config = config
        self._metrics = metrics
        self._workspaces = Workspaces(Path(config.root))
        self._stopping = threading.Event()
        self._running: dict[str, _Work] = {}
        self._failed: dict[str, int] = {}
        self._looked = time.monotonic()
        self._swept = self._surveyed = float("-inf")

    def stop(self, *_: object) -> None:
        """Work under way is ended, and done anew at the next start."""
        self._stopping.set()

    def health(self) -> ports.Report:
        """Whether it still looks for work."""
        silent = time.monotonic() - self._looked
        if silent < _STALLED_S:
            return ports.WELL
        return {"status": "waiting", "fault": f"it has not looked for work for {silent:.0f} s"}

    def run(self) -> None:
        """Look for work, and do it."""
        try:
            while not self._stopping.is_set():
                self._reap()
                now = time.monotonic()
                expired = self._sweep() if now - self._swept > _SWEEP_S else []
                self._start()
                if expired or now - self._surveyed > _SURVEY_S:
                    self._survey(expired)
                self._looked = time.monotonic()
                self._metrics.looked()
                self._stopping.wait(_LOOK_S)
        finally:
            for id_, work in list(self._running.items()):
                work.process.kill()
                self._ended(id_, work.process)

    def _sweep(self) -> list[str]:
        self._swept = time.monotonic()
        expired = self._workspaces.sweep(_now_ms())
        for id_ in expired:
            log.info("workspace %s has expired, and is deleted", id_)
        self._metrics.stored(self._workspaces.size())
        return expired

    def _survey(self, expired: list[str]) -> None:
        self._surveyed = time.monotonic()
        self._metrics.standing(surveyed(look(self._workspaces), self._running), expired)

    def _start(self) -> None:
        room = self._config.at_once - len(self._running)
        for id_, *_ in queued(look(self._workspaces), self._running)[:room] if room > 0 else ():
            try:
                workspace = self._workspaces.read(id_)
            except UnknownWorkspaceError:
                continue
            if workspace.state not in TO_DO:  # it was changed just now
                continue
            job = Job(
                root=self._config.root, id=id_, facts=self._config.facts, contestants=self._config.contestants,
                learners=self._config.learners,
            )  # fmt: skip
            process = subprocess.Popen(_WORK, stdin=subprocess.PIPE, start_new_session=True)
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            process.stdin.flush()  # and stays open: it ends with us, however we end
            self._running[id_] = _Work(process, workspace, time.monotonic())
            self._metrics.begun(STEP_OF[workspace.state])

    def _reap(self) -> None:
        for id_, (process, workspace, began) in list(self._running.items()):
            if process.poll() is None:
                continue
            code = self._ended(id_, process)
            came = outcome(code)
            if came not in ENDED and not self._stands(id_, workspace):
                came = "cancelled"  # whatever it met when its files were taken away
            self._metrics.ended(STEP_OF[workspace.state], came, time.monotonic() - began)
            if came in ENDED:
                self._failed.pop(id_, None)
                continue
            self._failed[id_] = self._failed.get(id_, 0) + 1
            log.warning("work on workspace %s ended with %s: %s", id_, code, came)
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

    def _stands(self, id_: str, workspace: Workspace) -> bool:
        try:
            return self._workspaces.read(id_) == workspace
        except UnknownWorkspaceError:
            return False

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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    """Run until told to stop."""
    config = msgspec.json.decode(os.environ[ENVIRONMENT], type=AdvisorConfig)
    registry = CollectorRegistry()
    advisor = Advisor(config, AdvisorMetrics(registry, config.restarts, _now_ms))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, advisor.stop)
    port = ports.serve(
        config.metrics_host, config.metrics_port, ports.of(registry), advisor.health, "metrics"
    )
    log.info("metrics and health on %s:%s", config.metrics_host, port.server_port)
    advisor.run()
    port.shutdown()


if __name__ == "__main__":
    begin("advisor")
    main()
