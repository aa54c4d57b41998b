"""Processes are known by pid and start time, and only those are ever signalled."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import msgspec
import psutil
import pytest

from local_stack import processes
from local_stack.errors import StackError
from local_stack.processes import ProcessId, alive, end, gone_within, kill, send, spawn

IGNORES_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("on", flush=True)
time.sleep(60)
"""
HANDLES_SIGTERM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("on", flush=True)
time.sleep(60)
"""
LOSES_ITS_FIRST_THREAD = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
print("on", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def spawn_python(script: str, log: Path) -> ProcessId:
    process = spawn([sys.executable, "-c", script], output=log, environ=os.environ)
    while not (log.exists() and log.read_text()):
        assert alive(process)
        time.sleep(0.01)
    return process


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ProcessId]:
    process = spawn(["/bin/sleep", "60"], output=tmp_path / "log", environ=os.environ)
    yield process
    kill(process)


def test_a_spawned_process_has_a_session_of_its_own(sleeper: ProcessId) -> None:
    assert alive(sleeper)
    assert os.getsid(sleeper.pid) == sleeper.pid


def test_another_process_with_the_same_pid_is_not_ours_and_is_left_alone(sleeper: ProcessId) -> None:
    former = msgspec.structs.replace(sleeper, started=sleeper.started - 60)
    assert not alive(former)
    assert not send(former, SIGKILL)
    kill(former)
    assert end(former, grace=0.1)
    assert alive(sleeper)


def test_end_lets_a_process_end_by_itself(sleeper: ProcessId) -> None:
    assert end(sleeper, grace=60.0)
    assert not alive(sleeper)


def test_end_wakes_a_frozen_process(tmp_path: Path) -> None:
    process = spawn_python(HANDLES_SIGTERM, tmp_path / "log")
    assert send(process, SIGSTOP)
    assert end(process, grace=60.0)
    assert not alive(process)


def test_end_kills_what_does_not_listen(tmp_path: Path) -> None:
    process = spawn_python(IGNORES_SIGTERM, tmp_path / "log")
    assert not end(process, grace=0.2)
    assert not alive(process)


def test_a_process_whose_other_threads_still_run_is_alive(tmp_path: Path) -> None:
    process = spawn_python(LOSES_ITS_FIRST_THREAD, tmp_path / "log")
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert alive(process)
    kill(process)
    assert not alive(process)


def test_a_frozen_process_is_alive_and_a_killed_one_is_not(sleeper: ProcessId) -> None:
    send(sleeper, SIGSTOP)
    assert alive(sleeper)
    send(sleeper, SIGCONT)
    kill(sleeper)
    assert not alive(sleeper)
    assert not psutil.pid_exists(sleeper.pid), "a zombie was left"


def test_waiting_has_an_end(sleeper: ProcessId) -> None:
    assert not gone_within(sleeper, 0.1)


def test_output_of_both_streams_is_appended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    command = ["/bin/sh", "-c", "echo out; echo err >&2; sleep 0.2"]
    process = spawn(command, output=log, environ=os.environ)
    assert processes.gone_within(process, 60.0)
    assert log.read_text() == "before\nout\nerr\n"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="cannot start /nonexistent/server"):
        spawn(["/nonexistent/server"], output=tmp_path / "log", environ=os.environ)
