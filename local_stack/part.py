"""A part of a stack: one server process with its folder, ports and data."""

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import ClassVar

import msgspec

from local_stack import processes
from local_stack.errors import StackError
from local_stack.files import last_lines, write_atomically
from local_stack.ports import free_ports, is_free
from local_stack.processes import ProcessId
from local_stack.readiness import POLL_SECONDS

Progress = Callable[[str], None]

_PORT_ATTEMPTS = 5
_LEFT_OVER_SECONDS = 15.0


class PartRecord(msgspec.Struct, frozen=True):
    """What a part leaves in its folder, so that any later command finds the process again."""

    ports: tuple[int, ...] = ()
    """The first is the one that clients use."""
    process: ProcessId | None = None
    software: str = ""


class Part(ABC):
    """One server: its folder holds record, configuration, logs and data.

    `start` brings it back on the ports that it had, with the data that it had.
    """

    name: ClassVar[str]
    """Its name in messages."""
    port_count: ClassVar[int]
    ready_seconds: ClassVar[float] = 60.0
    grace_seconds: ClassVar[float] = 20.0

    def __init__(self, folder: Path, random: Random, progress: Progress) -> None:
        self.folder = folder.resolve()
        self._random = random
        self._progress = progress

    @abstractmethod
    def prepare(self, ports: tuple[int, ...]) -> tuple[list[str], str]:
        """Writes configuration for these ports; returns the command and what software it is, for people."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server does its work now, asked in its own protocol."""

    @property
    @abstractmethod
    def log_files(self) -> tuple[Path, ...]:
        """Where the server writes what goes wrong."""

    @property
    def dir(self) -> Path:
        """Where the server keeps its data."""
        return self.folder / "data"

    @property
    def record(self) -> PartRecord:
        """What is known about the last start; an empty record if there was none or it is damaged."""
        try:
            return msgspec.json.decode(self._record_file.read_bytes(), type=PartRecord)
        except (FileNotFoundError, msgspec.DecodeError):
            return PartRecord()

    @property
    def port(self) -> int:
        """The port that clients use.

        Raises:
            StackError: the part was never started.
        """
        if not self.record.ports:
            raise StackError(f"{self.name} in {self.folder} was never started")
        return self.record.ports[0]

    def process(self) -> ProcessId | None:
        """Its process, if there is one (it may be stopped by SIGSTOP or still starting)."""
        process = self.record.process
        return process if process is not None and processes.alive(process) else None

    def start(self) -> None:
        """Starts the server, or keeps the one that a former run left, and returns when it answers.

        Raises:
            StackError: it cannot be started; the text holds the last lines of its log.
        """
        if self._keep_left_over():
            return
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        ports = self.record.ports
        if ports and not all(is_free(port) for port in ports):
            self._progress(
                f"{self.name}: port {ports[0]} is taken by another program, so it moves to a new one"
            )
            ports = ()
        for _ in range(_PORT_ATTEMPTS):
            ports = ports or free_ports(self.port_count, self._random)
            if self._started(ports):
                return
            ports = ()
        raise StackError(
            f"{self.name}: other programs took its ports {_PORT_ATTEMPTS} times in a row; try again"
        )

    def stop(self) -> bool:
        """Ends the server (SIGTERM, after a while SIGKILL); its data stays.

        Returns:
            True if it ended in good order, or did not run.
        """
        process = self.process()
        if process is None:
            return True
        self._progress(f"{self.name}: stopping")
        return processes.end(process, grace=self.grace_seconds)

    def kill(self) -> None:
        """Ends the server at once, as a crash would (SIGKILL); its data stays."""
        process = self.process()
        if process is not None:
            processes.kill(process)

    def suspend(self) -> None:
        """Freezes the server (SIGSTOP): connections hang, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a frozen server go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    @property
    def _record_file(self) -> Path:
        return self.folder / "process.json"

    def _write(self, record: PartRecord) -> None:
        write_atomically(self._record_file, msgspec.json.format(msgspec.json.encode(record)))

    def _keep_left_over(self) -> bool:
        process = self.process()
        if process is None:
            return False
        if self._answers_within(_LEFT_OVER_SECONDS, process):
            self._progress(f"{self.name}: already running (process {process.pid}, port {self.port})")
            return True
        self._progress(f"{self.name}: process {process.pid} is left over and does not answer; it is stopped")
        self.stop()
        return False

    def _started(self, ports: tuple[int, ...]) -> bool:
        """Starts on these ports; False if another program was faster to take one."""
        command, software = self.prepare(ports)
        self._progress(f"{self.name}: starting {software} on port {ports[0]}")
        process = processes.spawn(command, output=self.folder / "output.log", environ=os.environ)
        try:
            self._write(PartRecord(ports, process, software))
            if self._answers_within(self.ready_seconds, process):
                return True
        except BaseException:  # also Ctrl-C: nothing half started stays behind
            processes.kill(process)
            raise
        ended = not processes.alive(process)
        processes.kill(process)
        if ended and not all(is_free(port) for port in ports):
            return False
        what = "ended while starting" if ended else f"does not answer after {self.ready_seconds:.0f} s"
        lines = "\n".join(f"  {line}" for path in self.log_files for line in last_lines(path))
        raise StackError(f"{self.name} ({software}) {what}; its log in {self.folder} ends with:\n{lines}")

    def _answers_within(self, seconds: float, process: ProcessId) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if processes.listens(process, self.port) and self.answers():
                return True
            if not processes.alive(process):
                return False
            time.sleep(POLL_SECONDS)
        return False

    def _signal(self, number: signal.Signals) -> None:
        process = self.record.process
        if process is None or not processes.send(process, number):
            raise StackError(f"{self.name} in {self.folder} does not run")
