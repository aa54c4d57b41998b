"""An older append-only file of Redis, cut in mid-transaction."""

import shutil
from pathlib import Path
from random import Random
from typing import Final

_BEGIN: Final = b"*1\r\n$5\r\nMULTI\r\n"
_END: Final = b"*1\r\n$4\r\nEXEC\r\n"


def keep(data: Path, to: Path) -> bool:
    """Copy the append-only files of a running Redis; False if they hold no whole transaction yet."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(data / "appendonlydir", to)
    return _END in _latest(to).read_bytes()


def cut_and_put_back(kept: Path, data: Path, random: Random) -> str:
    """Cut the kept copy within its last whole transaction, and put it in the place of the files in `data`.

    Redis must not run.

    Returns:
        Where it was cut, for people.
    """
    file = _latest(kept)
    content = file.read_bytes()
    end = content.rindex(_END)
    begin = content.rindex(_BEGIN, 0, end)
    cut = random.randrange(begin + len(_BEGIN), end)
    file.write_bytes(content[:cut])
    shutil.rmtree(data / "appendonlydir")
    shutil.copytree(kept, data / "appendonlydir")
    return (
        f"{file.name} cut at byte {cut:,} of {len(content):,}, inside a transaction of {end - begin:,} bytes"
    )


def _latest(folder: Path) -> Path:
    return max(folder.glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))
