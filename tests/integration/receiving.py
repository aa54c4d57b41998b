"""The bad receiver (`tests/integration/receiver.py`) as a process that a test starts and kills."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from local_stack.ports import free_ports
from tests.integration.place import REPOSITORY, eventually


class Receiver:
    """One of them."""

    def __init__(self, folder: Path, secret: str, failing: float, port: int, gone: bool) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/hook"
        self._file = folder / "received"
        self._arguments = ["--port", port, "--file", self._file, "--secret", secret, "--failing", failing]
        self._arguments += ["--gone"] if gone else []
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self) -> None:
        """Start it (anew), with another seed."""
        command = [sys.executable, "-m", "tests.integration.receiver", *map(str, self._arguments)]
        self._starts += 1
        self._process = subprocess.Popen([*command, "--seed", str(self._starts)], cwd=REPOSITORY)

    def kill(self) -> None:
        """In the middle of whatever it does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def listens(self) -> bool:
        """Whether it takes connections."""
        with socket.socket() as trying:
            return trying.connect_ex(("127.0.0.1", self.port)) == 0

    def had(self) -> list[str]:
        """Ids of deliveries, in the order in which they were taken."""
        return [line.split(" ", 1)[0] for line in self._lines()]

    def bodies(self) -> list[Any]:
        """Their bodies."""
        return [json.loads(line.split(" ", 1)[1]) for line in self._lines()]

    def _lines(self) -> list[str]:
        """Whole ones."""
        return self._file.read_text().split("\n")[:-1] if self._file.exists() else []


@contextmanager
def receiving(
    folder: Path, secret: str, *, failing: float, port: int = 0, gone: bool = False
) -> Iterator[Receiver]:
    """Until the end of the block.

    Args:
        folder: what it has had stands there, also for the next one.
        port: 0 takes a free one.
    """
    receiver = Receiver(folder, secret, failing, port or free_ports(1, Random())[0], gone)
    receiver.start()
    try:
        eventually("the receiver listens", receiver.listens)
        yield receiver
    finally:
        receiver.kill()
