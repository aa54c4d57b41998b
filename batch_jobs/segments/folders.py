"""Tables with a row a user, as Parquet that the engine writes: a folder for each as-of, never half there."""

import shutil
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_PREFIX: Final = "as_of="
MEMBERS: Final = "members.parquet"
"""Of the job `segments`: a row a user."""
MONTHS: Final = "months"
"""What names of folders below that of an as-of begin with whose users are all in a table beside them, too."""
_USER: Final = "user"


def folder_of(root: Path, as_of: datetime) -> Path:
    """Where the tables of an as-of are or would be."""
    return folder_on(root, as_of.date())


def folder_on(root: Path, day: date) -> Path:
    """The same of the midnight with which a day begins."""
    return root / f"{_PREFIX}{day}"


def last_before(root: Path, as_of: datetime, *, included: bool = False) -> Path | None:
    """Folder of the latest as-of before this one, or up to it; None where there is none."""
    earlier = [day for day in days(root) if day < as_of.date() or (included and day == as_of.date())]
    return folder_on(root, max(earlier)) if earlier else None


@contextmanager
def replacing(root: Path, as_of: datetime) -> Iterator[Path]:
    """An empty folder to write into, which takes the place of the as-of's when all of it went well.

    Folders older than the one before it are dropped then: nothing reads them any more.
    """
    root.mkdir(parents=True, exist_ok=True)
    fresh = root / f".{as_of.date()}-{uuid.uuid4().hex}"
    fresh.mkdir()
    try:
        yield fresh
        target = folder_of(root, as_of)
        if target.exists():
            target.rename(former := root / f".former-{uuid.uuid4().hex}")
            fresh.rename(target)
            shutil.rmtree(former)
        else:
            fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    before = last_before(root, as_of)
    for day in days(root):
        if before is not None and folder_on(root, day) < before:
            shutil.rmtree(folder_on(root, day))


def erase(root: Path, users: Collection[str]) -> int:
    """Let go of users in all tables below a folder; how many rows were there.

    Repeating it does what is left to do. A run of then may still be writing: it is to be called again after it.
    """
    gone = pa.array(sorted(users), pa.string())
    dropped = 0
    for path in tables(root):
        file = pq.ParquetFile(path)
        here = sum(
            pc.sum(pc.is_in(batch[_USER], gone)).as_py() or 0 for batch in file.iter_batches(columns=[_USER])
        )
        if here:
            _without(path, file, gone)
            dropped += here
    return dropped


def tables(root: Path, until: datetime | None = None, *, months: bool = True) -> list[Path]:
    """Files below a folder that have a row a user.

    Args:
        until: the latest as-of whose files are wanted.
        months: with those below `MONTHS`.
    """
    wanted = [day for day in days(root) if until is None or day <= until.date()]
    files = [p for day in wanted for p in sorted(folder_on(root, day).rglob("*.parquet")) if p.is_file()]
    if not months:
        files = [p for p in files if not any(part.startswith(MONTHS) for part in p.relative_to(root).parts)]
    return [path for path in files if _USER in pq.read_schema(path).names]


def _without(path: Path, file: pq.ParquetFile, gone: pa.Array) -> None:
    fresh = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    with pq.ParquetWriter(fresh, file.schema_arrow, compression="zstd") as writer:
        for batch in file.iter_batches():
            writer.write_batch(batch.filter(pc.invert(pc.is_in(batch[_USER], gone))))
    fresh.replace(path)


def days(root: Path) -> list[date]:
    """As-ofs of which there is a folder, in order."""
    return sorted(date.fromisoformat(f.name.removeprefix(_PREFIX)) for f in root.glob(f"{_PREFIX}*"))
