"""Events and truth as JSON lines, compressed as the file's name says."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import msgspec
import zstandard

from producers.simulator.simulation import Chunk, Simulation

_ROWS: int = 10_000


@contextmanager
def open_lines(path: Path) -> Iterator[IO[bytes]]:
    """The file for writing; `.gz` and `.zst` are compressed, to the same bytes at every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if path.suffix == ".zst":
            with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as packed:
                yield cast("IO[bytes]", packed)
        elif path.suffix == ".gz":
            with gzip.GzipFile(filename="", mode="wb", compresslevel=3, fileobj=raw, mtime=0) as zipped:
                yield cast("IO[bytes]", zipped)
        else:
            yield raw


def write_chunk(file: IO[bytes], chunk: Chunk) -> None:
    """One line an event."""
    file.write(b"\n".join(chunk.values) + b"\n")


def write_truth(simulation: Simulation, path: Path) -> int:
    """The manifest in the first line, then one user a line; returns the number of users."""
    encoder = msgspec.json.Encoder()
    count = 0
    with open_lines(path) as file:
        file.write(encoder.encode(simulation.manifest()) + b"\n")
        buffer: list[bytes] = []
        for row in simulation.truth_rows():
            buffer.append(encoder.encode(row))
            count += 1
            if len(buffer) == _ROWS:
                file.write(b"\n".join(buffer) + b"\n")
                buffer.clear()
        if buffer:
            file.write(b"\n".join(buffer) + b"\n")
    return count
