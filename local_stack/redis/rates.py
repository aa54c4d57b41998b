"""A small Redis without persistence for rate limits, behind a socket file: losing it loses no decision."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Final
from zlib import crc32

from local_stack.readiness import redis_answers
from local_stack.redis.server import find_program

_START_S: Final = 30.0
_LONGEST_PATH: Final = 100
"""Bytes that the path of a socket may have on every system (`sun_path`)."""


@contextmanager
def rate_server(folder: Path) -> Iterator[str | None]:
    """The URL of one that runs until the end of the block; None where there is no redis-server program.

    One that answers at its socket already, since whoever started it was killed, is taken over and left running.
    """
    socket = _socket(folder.resolve())
    url = f"unix://{socket}"
    program = find_program(os.environ)
    if program is None or redis_answers(url):
        yield url if program else None
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "rates.log").open("wb") as output:
        server = subprocess.Popen(
            [str(program), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "600", "--save", "",
             "--appendonly", "no", "--maxmemory", "64mb", "--maxmemory-policy", "volatile-ttl",
             "--dir", str(folder.resolve())],
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        give_up = time.monotonic() + _START_S
        while not redis_answers(url) and server.poll() is None and time.monotonic() < give_up:
            time.sleep(0.02)
        yield url if redis_answers(url) else None
    finally:
        server.terminate()
        server.wait()
        with suppress(OSError):
            socket.unlink()


def _socket(folder: Path) -> Path:
    socket = folder / "rates.sock"
    if len(os.fsencode(socket)) <= _LONGEST_PATH:
        return socket
    return Path(gettempdir()) / f"ebbwatch-rates-{os.getuid()}-{crc32(os.fsencode(socket)):08x}.sock"
