"""Processes that outlive the command which started them, known by pid and start time.

A pid alone may by now belong to somebody else; pid and start time together do not.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil

from local_stack.errors import StackError

_POLL_SECONDS = 0.02
_SAME_START_SECONDS = (
    2.0  # the kernel derives start times from a boot time that clock steps may move a little
)


class ProcessId(msgspec.Struct, frozen=True):
    """One process for all time: `started` is its start in seconds since 1970 (psutil's ``create_time``)."""

    pid: int
    started: float


def spawn(command: Sequence[str], *, output: Path, environ: Mapping[str, str]) -> ProcessId:
    """Starts `command` in a session of its own, both outputs appended to the file `output`.

    It keeps running when the terminal closes and gets no Ctrl-C of its starter.

    Raises:
        StackError: the program cannot be executed.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        pid = os.posix_spawn(
            command[0],
            list(command),
            dict(environ),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
    except OSError as error:
        raise StackError(f"cannot start {command[0]}: {error.strerror}") from error
    try:
        return ProcessId(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess as error:
        raise StackError(f"{command[0]} ended at once; see {output}") from error


def alive(process: ProcessId) -> bool:
    """Whether this very process is there; stopped by SIGSTOP counts, waiting to be reaped does not."""
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)  # a child of ours would stay a zombie
    try:
        found = psutil.Process(process.pid)
        if abs(found.create_time() - process.started) > _SAME_START_SECONDS:
            return False
        # While other threads still end, and hold ports and files, the first one is a zombie already.
        return found.status() != psutil.STATUS_ZOMBIE or found.num_threads() > 1
    except psutil.NoSuchProcess:
        return False


def listens(process: ProcessId, port: int) -> bool:
    """Whether it is this very process, not another program, that accepts connections on a TCP port."""
    if not alive(process):
        return False
    with suppress(psutil.NoSuchProcess):
        connections = psutil.Process(process.pid).net_connections("tcp")
        return any(
            at.laddr.port == port and at.status == psutil.CONN_LISTEN for at in connections if at.laddr
        )
    return False


def send(process: ProcessId, signal_number: signal.Signals) -> bool:
    """Sends a signal to this very process; False if it no longer runs."""
    if not alive(process):
        return False
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal_number)
        return True
    return False


def kill(process: ProcessId) -> None:
    """SIGKILL, and waits until the process is gone.

    Raises:
        StackError: it is still there after 10 s.
    """
    send(process, signal.SIGKILL)
    if not gone_within(process, 10.0):
        raise StackError(f"process {process.pid} does not end even after SIGKILL")


def end(process: ProcessId, *, grace: float) -> bool:
    """SIGTERM, then SIGKILL after `grace` seconds. True if it ended by itself."""
    send(process, signal.SIGTERM)
    send(process, signal.SIGCONT)  # a process stopped by SIGSTOP would never see the other signal
    if gone_within(process, grace):
        return True
    kill(process)
    return False


def gone_within(process: ProcessId, seconds: float) -> bool:
    """Waits up to `seconds` for the process to be gone."""
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
