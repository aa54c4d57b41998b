"""What jobs keep of single users, and how users leave it again.

Result tables name nobody. Tables with a row a user lie in folders of their own, by as-of, on the machine that runs
the jobs.
"""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from batch_jobs.segments import folders

if TYPE_CHECKING:  # the API asks for names only, and Ibis takes half a second to import
    from batch_jobs.star.star import Star

SEGMENTS: Final = "segments"
VALUE: Final = "value"
SCORES: Final = "scores"
KEPT: Final = (SEGMENTS, VALUE, SCORES)
"""Folders with a row a user, below that of the batch jobs."""


def erase(folder: Path, users: Collection[str]) -> int:
    """Let go of users in all that jobs keep; how many rows were there.

    A run that is under way may still write them: `forget` of the next run finds these.

    Args:
        folder: of the batch jobs; need not be there.

    Raises:
        OSError: a file cannot be read or written; doing it again does what is left.
    """
    return sum(folders.erase(folder / name, users) for name in KEPT)


def forget(folder: Path, star: "Star") -> int:
    """Let go of users of whom the archive knows nothing any more; how many rows were there.

    Only tables of up to the star's as-of are asked: who is in a later one may have come after it.

    Raises:
        OSError: a file cannot be read or written; doing it again does what is left.
    """
    dropped = 0
    for name in KEPT:
        gone: set[str] = set()
        for path in folders.tables(folder / name, star.as_of, months=False):
            users = star.engine.read_parquet(path).select("user").distinct()
            gone |= set(users.anti_join(star.users, "user").to_pyarrow()["user"].to_pylist())
        if gone:
            dropped += folders.erase(folder / name, gone)
    return dropped
