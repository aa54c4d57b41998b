"""Local files that survive a power cut, and are never seen half-written."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write to, that takes its place in one step at the end, after its bytes have reached the disk.

    The folder must be there. Who may read the folder may read the file.

    Raises:
        OSError: the former file, if any, still stands, as after any error in the block; nothing is left behind.
    """
    target = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}-", suffix=".partial", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _settle(target.parent)


def create(path: str | Path, content: bytes) -> None:
    """A new file with this content, which appears with all of it.

    Raises:
        FileExistsError: there is one already.
        OSError: nothing was made.
    """
    target = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}-", suffix=".partial", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        os.link(temporary, target)  # unlike a renaming, it does not replace
    finally:
        Path(temporary).unlink()
    _settle(target.parent)


def _settle(folder: Path) -> None:
    """Make the renaming itself survive."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
