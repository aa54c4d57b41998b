"""Who is in a segment, as the batch job of this machine found it last."""

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.problems import ProblemError
from batch_jobs.running.kept import SEGMENTS
from batch_jobs.segments.folders import MEMBERS, days, folder_on
from domain.hashing import hashes_of

Hashes = npt.NDArray[np.uint64]
_REMEMBERED: Final = 16


class _Key(NamedTuple):
    path: Path
    written: int
    segment: str


class Segments:
    """Of one API process. Members are kept as sorted hashes of their ids: eight bytes a user."""

    def __init__(self, folder: Path) -> None:
        """
        Args:
            folder: of the batch jobs; need not be there.
        """
        self._root = folder / SEGMENTS
        self._looking = asyncio.Lock()
        self._known: OrderedDict[_Key, Hashes] = OrderedDict()

    async def members(self, segment: str) -> Hashes:
        """Sorted hashes (`domain.hashing.hashes_of`) of the users of a segment.

        Raises:
            ProblemError: 404, there is no such segment, or none yet; 503, they cannot be read.
        """
        async with self._looking:
            try:
                return await asyncio.to_thread(self._members, segment)
            except (OSError, pa.ArrowException) as fault:
                raise ProblemError(
                    503,
                    "segments_away",
                    "members of segments cannot be read; try again",
                    {"Retry-After": "1"},
                ) from fault

    def _members(self, segment: str) -> Hashes:
        path = self._newest()
        if path is None:
            raise ProblemError(404, "no_segments", "there are no segments yet: the batch jobs make them")
        key = _Key(path, path.stat().st_mtime_ns, segment)
        if key not in self._known:
            self._known[key] = _read(path, segment)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def _newest(self) -> Path | None:
        paths = (folder_on(self._root, day) / MEMBERS for day in reversed(days(self._root)))
        return next((path for path in paths if path.exists()), None)


def among(members: Hashes, hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Which of the hashes are members.

    Args:
        members: sorted.
    """
    if not len(members):
        return np.zeros(len(hashes), np.bool_)
    places = np.minimum(np.searchsorted(members, hashes), len(members) - 1)
    return np.asarray(members[places] == hashes)


def _read(path: Path, segment: str) -> Hashes:
    names: set[str] = set()
    parts: list[Hashes] = []
    for batch in pq.ParquetFile(path).iter_batches(columns=["user", "segment"]):
        names.update(pc.unique(batch["segment"]).to_pylist())
        here = batch.filter(pc.equal(batch["segment"], segment))
        parts.append(hashes_of(here["user"].to_pylist()))
    if segment not in names:
        raise ProblemError(404, "unknown_segment", f"no such segment: {', '.join(sorted(names))} are there")
    return np.sort(np.concatenate(parts))
