"""Members of a segment out of the newest folder; who asks for another one is told which there are."""

import asyncio
import os
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.people.segments import Segments, among
from api.problems import ProblemError
from batch_jobs.running.kept import SEGMENTS
from batch_jobs.segments.folders import MEMBERS, folder_on, replacing
from domain.hashing import hashes_of
from tests.batch_jobs.rows import midnight


def write(folder: Path, day: int, **segments: str) -> None:
    with replacing(folder / SEGMENTS, midnight(date(2024, 5, day))) as fresh:
        pq.write_table(
            pa.table({"user": list(segments), "segment": list(segments.values()), "n": [0] * len(segments)}),
            fresh / MEMBERS,
        )


def members(segments: Segments, name: str, users: list[str]) -> list[str]:
    found = asyncio.run(segments.members(name))
    return [user for user, here in zip(users, among(found, hashes_of(users)), strict=True) if here]


def test_the_newest_run_counts(tmp_path: Path) -> None:
    users = [f"u{n}" for n in range(200)]
    segments = Segments(tmp_path)
    write(tmp_path, 2, **dict.fromkeys(users, "Casual"))
    assert members(segments, "Casual", users) == users
    write(tmp_path, 9, **{user: "At-Risk" if n % 3 else "Casual" for n, user in enumerate(users)})
    assert members(segments, "Casual", users) == users[::3]
    assert members(segments, "At-Risk", [*users, "nobody"]) == [u for n, u in enumerate(users) if n % 3]


def test_a_run_that_takes_the_place_of_another_is_seen(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    write(tmp_path, 2, a="Casual")
    assert members(segments, "Casual", ["a", "b"]) == ["a"]
    write(tmp_path, 2, b="Casual")
    path = folder_on(tmp_path / SEGMENTS, date(2024, 5, 2)) / MEMBERS
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))  # clocks of file systems may be coarse
    assert members(segments, "Casual", ["a", "b"]) == ["b"]


def test_a_segment_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    with pytest.raises(ProblemError) as refused:
        asyncio.run(segments.members("Casual"))
    assert (refused.value.status, refused.value.kind) == (404, "no_segments")
    write(tmp_path, 2, a="Casual", b="At-Risk")
    with pytest.raises(ProblemError, match="At-Risk, Casual are there") as refused:
        asyncio.run(segments.members("casual"))
    assert (refused.value.status, refused.value.kind) == (404, "unknown_segment")


def test_a_damaged_file_is_no_answer(tmp_path: Path) -> None:
    write(tmp_path, 2, a="Casual")
    (folder_on(tmp_path / SEGMENTS, date(2024, 5, 2)) / MEMBERS).write_bytes(b"no Parquet")
    with pytest.raises(ProblemError) as refused:
        asyncio.run(Segments(tmp_path).members("Casual"))
    assert refused.value.status == 503


def test_nobody_is_among_no_members() -> None:
    none = np.array([], np.uint64)
    assert not among(none, hashes_of(["a"])).any()
    assert len(among(hashes_of(["a"]), none)) == 0
