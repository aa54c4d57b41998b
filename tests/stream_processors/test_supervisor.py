"""The supervisor, with real processes in the worker's place."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from domain.settings import FactSettings
from stream_processors import supervisor as supervisors
from stream_processors.config import (
    ENVIRONMENT,
    EXIT_LOST,
    EXIT_REFUSED,
    LOST,
    WorkerConfig,
    from_environment,
)
from stream_processors.supervisor import WORKER, Supervisor


def config(restarts: int) -> WorkerConfig:
    return WorkerConfig(
        snapshot_topic="snapshots",
        model_topic="models",
        registry="registry",
        registry_key="00",
        outcome_topic="outcomes",
        alert_topic="risk-alerts",
        kafka="k:1", redis="redis://r", topic="t", topic_id="i", partitions=2, generation=1, group="g",
        dead_letter_topic="d", instance="n", facts=FactSettings(), clock_lag_ms=0, mark_interval_s=1.0,
        metrics_port=0, restarts=restarts,
    )  # fmt: skip


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import os, signal, sys, time\n{code}")


COUNTED = (
    f"n = __import__('json').loads(os.environ[{ENVIRONMENT!r}])['restarts']; print('start', n, flush=True); "
)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisors, "_FIRST_PAUSE_S", 0.01)


def await_text(path: Path, text: str) -> None:
    deadline = time.monotonic() + 120
    while not path.exists() or text not in path.read_text():
        assert time.monotonic() < deadline, f"no {text!r} in {path}"
        time.sleep(0.01)


def test_a_worker_that_lost_its_ground_is_started_anew_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "log"
    code = COUNTED + f"sys.exit([{EXIT_LOST}, 1, 0][n]) if n != 1 else os.kill(os.getpid(), signal.SIGKILL)"
    supervisor = Supervisor(config, log, command=python(code))
    with caplog.at_level(logging.WARNING):
        assert supervisor.run() == 0
    assert supervisor.restarts == 2
    assert log.read_text().split() == ["start", "0", "start", "1", "start", "2"]
    assert [r.getMessage().split(";")[0] for r in caplog.records] == [
        "worker ended with 75", "worker ended with -9",
    ]  # fmt: skip


def test_the_process_is_told_how_often_it_had_lost_its_ground(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = COUNTED + f"print(os.environ['{LOST}'], flush=True); sys.exit([{EXIT_LOST}, 1, 0][n])"
    supervisor = Supervisor(config, log, command=python(code))
    assert supervisor.run() == 0
    assert log.read_text().split() == ["start", "0", "0", "start", "1", "1", "start", "2", "1"]


def test_a_refusal_ends_it_since_a_fresh_start_would_not_help(tmp_path: Path) -> None:
    supervisor = Supervisor(config, tmp_path / "log", command=python(f"sys.exit({EXIT_REFUSED})"))
    assert supervisor.run() == EXIT_REFUSED
    assert supervisor.restarts == 0


def stopped_after(supervisor: Supervisor, ready: Callable[[], None]) -> int:
    """Run in a thread, stop once `ready` returns."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(supervisor.run()))
    thread.start()
    try:
        ready()
    finally:
        supervisor.stop()
        thread.join(120)
    assert not thread.is_alive()
    return codes[0]


def test_a_stop_ends_the_worker_cleanly_and_none_follows(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "signal.signal(signal.SIGTERM, lambda *_: (print('clean', flush=True), sys.exit(0)))\n"
    supervisor = Supervisor(config, log, command=python(code + COUNTED + "time.sleep(60)"))
    assert stopped_after(supervisor, lambda: await_text(log, "start 0")) == 0
    assert log.read_text().splitlines() == ["start 0", "clean"]
    assert supervisor.restarts == 0


def test_a_worker_stopped_before_it_listens_is_stopped_cleanly_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    supervisor = Supervisor(config, log, command=python(COUNTED + "time.sleep(60)"))
    assert stopped_after(supervisor, lambda: await_text(log, "start 0")) == 0


def test_a_worker_that_fails_while_it_is_stopped_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n" + COUNTED + "time.sleep(60)"
    assert (
        stopped_after(Supervisor(config, log, command=python(code)), lambda: await_text(log, "start 0")) == 3
    )


def test_a_stop_does_not_wait_out_a_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisors, "_FIRST_PAUSE_S", 600.0)
    log = tmp_path / "log"
    supervisor = Supervisor(config, log, command=python(COUNTED + "sys.exit(1)"))
    assert stopped_after(supervisor, lambda: await_text(log, "start 0")) in (0, 1)


def test_a_service_that_is_away_is_waited_for(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    asked: list[int] = []

    def configure(restarts: int) -> WorkerConfig:
        asked.append(restarts)
        if len(asked) in (2, 3):
            raise ConnectionError("Redis is away")
        return config(restarts)

    code = COUNTED + f"sys.exit({EXIT_LOST} if n == 0 else 0)"
    supervisor = Supervisor(configure, tmp_path / "log", (ConnectionError,), python(code))
    with caplog.at_level(logging.WARNING):
        assert supervisor.run() == 0
    assert asked == [0, 1, 1, 1]
    assert supervisor.restarts == 1
    assert sum("no worker can start yet (Redis is away)" in r.getMessage() for r in caplog.records) == 2


def test_what_else_goes_wrong_before_a_start_is_raised() -> None:
    def configure(_: int) -> WorkerConfig:
        raise RuntimeError("the generation is gone")

    with pytest.raises(RuntimeError, match="the generation is gone"):
        Supervisor(configure, away=(ConnectionError,)).run()


def test_the_worker_reads_what_the_supervisor_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, msgspec.json.encode(config(7)).decode())
    assert from_environment() == config(7)
    assert WORKER[1:] == ("-m", "stream_processors.worker")
    assert os.access(WORKER[0], os.X_OK)


def test_a_process_stands_back_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "while (nice := os.getpriority(os.PRIO_PROCESS, 0)) != 19: time.sleep(0.01)\n"
        "print('nice', nice, flush=True)"
    )
    assert Supervisor(config, log, command=python(code), nice=19).run() == 0
    assert log.read_text() == "nice 19\n"
