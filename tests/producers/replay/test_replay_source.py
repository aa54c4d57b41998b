"""Files of every kind, whole and damaged, as rows."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
import zstandard

from producers.replay.rows import Row, Unreadable
from producers.replay.source import Source, SourceError

COMPRESSIONS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, zstandard.compress]


def rows_of(path: Path, delimiter: str = ",") -> list[Row | Unreadable]:
    with Source(path, delimiter) as source:
        return list(source)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "no-telling-name"
    path.write_bytes(content)
    return path


def parquet(folder: Path, columns: dict[str, list[object]]) -> bytes:
    pa_parquet.write_table(pa.table(columns), folder / "plain")
    return (folder / "plain").read_bytes()


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_kind_and_compression_are_seen_from_the_content(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    rows: list[Row | Unreadable] = [{"user": "u1", "n": "1"}, {"user": "ü2", "n": "2"}]
    csv = "\ufeffuser,n\nu1,1\nü2,2\n".encode()
    lines = b"\n".join(json.dumps(row).encode() for row in rows)
    table = parquet(tmp_path, {"user": ["u1", "ü2"], "n": ["1", "2"]})
    for content, kind in ((csv, "csv"), (lines, "json-lines"), (table, "parquet")):
        path = write(tmp_path, compress(content))
        assert rows_of(path) == rows
        with Source(path) as source:
            assert source.format == kind
            list(source)
            assert source.position() == 1.0


def test_several_compressed_pieces_in_one_file_are_all_read(tmp_path: Path) -> None:
    for compress in COMPRESSIONS:
        path = write(tmp_path, compress(b"user\nu1\n") + compress(b"u2\n"))
        assert rows_of(path) == [{"user": "u1"}, {"user": "u2"}]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_file_cut_short_is_an_error_not_an_end(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    content = compress(b"user,n\n" + b"".join(b"u%d,%d\n" % (i, i * 7919) for i in range(50_000)))
    with pytest.raises(SourceError, match="Truncated compressed stream"):
        rows_of(write(tmp_path, content[:-20]))


def test_broken_csv_rows_keep_their_place(tmp_path: Path) -> None:
    path = write(tmp_path, b'a,b\n1\n"2\n2",x\n3,y,z\n4\n5,v\n6')
    assert rows_of(path) == [
        Unreadable("1"),
        {"a": "2\n2", "b": "x"},
        Unreadable("3,y,z"),
        Unreadable("4"),
        {"a": "5", "b": "v"},
        Unreadable("6"),
    ]


def test_broken_rows_keep_their_place_across_blocks(tmp_path: Path) -> None:
    lines = [b"broken" if i % 1000 == 7 else b"%d,%s" % (i, b"x" * 100) for i in range(100_000)]
    rows = rows_of(write(tmp_path, b"n,x\n" + b"\n".join(lines)))
    assert len(rows) == 100_000
    for i, row in enumerate(rows):
        assert isinstance(row, Unreadable) if i % 1000 == 7 else row == {"n": str(i), "x": "x" * 100}


def test_text_in_another_encoding_stops_only_its_own_value(tmp_path: Path) -> None:
    path = write(tmp_path, "user,x\nu1,naïve\nu2,plain\n".encode("latin-1"))
    assert rows_of(path) == [{"user": "u1", "x": b"na\xefve"}, {"user": "u2", "x": "plain"}]


@pytest.mark.parametrize("content", [b"a,b", b"a,b\n", b"a,b\n\n\r\n"])
def test_a_header_alone_has_no_rows(tmp_path: Path, content: bytes) -> None:
    assert rows_of(write(tmp_path, content)) == []


def test_another_delimiter(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path, b"a;b\n1,5;2\n"), ";") == [{"a": "1,5", "b": "2"}]


def test_what_is_no_json_object_is_unreadable(tmp_path: Path) -> None:
    deep = b'{"a":' + b"[" * 100_000
    path = write(tmp_path, b'{"a":1}\n\n[1]\n{"a":NaN}\n{"a":"\xff"}\n' + deep + b'\n{"a":2}')
    rows = rows_of(path)
    assert [row if isinstance(row, dict) else type(row) for row in rows] == [
        {"a": 1}, Unreadable, Unreadable, Unreadable, Unreadable, {"a": 2},
    ]  # fmt: skip


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    path = write(tmp_path, parquet(tmp_path, {"t": [moment], "n": [1.5], "none": [None]}))
    assert rows_of(path) == [{"t": moment, "n": 1.5, "none": None}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b'[{"a":1}]', "one JSON array"),
        (b"a,b,a\n1,2,3\n", "names a more than once"),
        (b"PAR1 but no more", "is damaged or not parquet"),
        (b'a,b\n1,2\n"' + b"x\n" * 6_000_000, "is damaged or not csv"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        rows_of(write(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere.csv cannot be read"):
        Source(tmp_path / "nowhere.csv")
