"""Whatever is sent is read, or refused with a sentence; nothing is left behind."""

import io
import os
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.intake.described import Described
from advisor.intake.events import canonical
from advisor.intake.limits import Limits, RefusedFileError
from advisor.intake.mapping import MappingError, as_proposed
from advisor.intake.reading import read
from tests.advisor.files import HEAD, lines, text, workbook

LIMITS = Limits(file_bytes=20 << 20, unpacked_bytes=64 << 20)
FUZZED = int(os.environ.get("HOSTILE_FILES", "60"))
"""`make chaos` takes 470, with those made by hand 500."""


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def by_hand(folder: Path) -> Iterator[tuple[str, bytes, str | None]]:
    """Name, content, and why it is refused; None where it may be read."""
    good = text(lines(200, seed=1)).encode()
    workbook(folder / "w", HEAD, [("K1", "2023-01-01", 1.0, 1, "=cmd|'/c calc'!A1")] * 3)
    book = (folder / "w").read_bytes()
    pq.write_table(pa.table({"a": [{"x": 1}], "b": [[1]]}), folder / "w")
    nested = (folder / "w").read_bytes()
    pq.write_table(pa.table({f"c{n}": [n] for n in range(10_000)}), folder / "w")
    wide = (folder / "w").read_bytes()
    (folder / "w").unlink()
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    yield "nothing", b"", "empty"
    yield "blanks", b" \n\n  \t", "empty"
    yield "zeros", b"\x00" * 5000, "empty"
    yield "noise", np.random.default_rng(0).bytes(50_000), "binary"
    yield "program", b"\x7fELF" + b"\x00" * 900, "other_kind"
    yield "picture named csv", b"\x89PNG\r\n\x1a\n" + b"\x00" * 900, "other_kind"
    yield "page", b"<!DOCTYPE html><html><body>no</body></html>", "other_kind"
    yield "json", b'{"a": [1, 2, 3]}', "other_kind"
    yield "gzip", b"\x1f\x8b\x08" + b"\x00" * 50, "packed"
    yield "archive", zipped(a=good), "packed"
    yield "bomb", zipped(xl__workbook=b"x", xl__sheet=b"\x00" * (80 << 20)), "bomb"
    yield "broken archive", zipped(xl__workbook=b"x")[:60], "damaged"
    yield "deep workbook", zipped(xl__workbook=deep, xl__worksheets__sheet1=deep), "damaged"
    yield "half a workbook", book[: len(book) // 2], "damaged"
    yield "old format that is none", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 3000, "damaged"
    yield "workbook", book, None
    yield "nested Parquet", nested, "one_column"
    yield "wide Parquet", wide, "too_many_columns"
    yield "half a Parquet", wide[: len(wide) // 2], "damaged"
    yield (
        "wide text",
        b",".join(b"c%d" % n for n in range(10_000)) + b"\n" + b",".join([b"1"] * 10_000),
        "too_many_columns",
    )
    yield "one column", b"a\n" + b"1\n" * 500, "one_column"
    yield "header alone", good.splitlines()[0] + b"\n", "empty"
    yield "huge cell", good + b"K1,2023-01-01," + b"9" * (3 << 20) + b",1,x\n", "huge_line"
    yield "quote without an end", good + b'"K1,2023-01-01,' + b"9\n" * 2000, None
    yield "ragged", good + b"\n".join(b"," * (n % 30) for n in range(500)), None
    yield "zeros within", good.replace(b"K", b"K\x00"), None
    yield "controls", good.replace(b"Becher", b"Bech\x1b[31mer"), None
    yield "names twice", b"a,a,a\n" + b"1,2,3\n" * 600, None
    yield "no names", b",,,\n" + b"1,2023-01-01,3,4\n" * 600, None
    yield (
        "statement",
        good.replace(b"Product", b'"; DROP TABLE given; --').replace(b"Becher", b"'); DROP TABLE x; --"),
        None,
    )


def fuzzed(seed: int) -> bytes:
    """Good files with pieces cut out, doubled, or overwritten."""
    chance = Random(seed)
    content = bytearray(
        text(lines(120, seed), chance.choice(",;\t|"), chance.choice(".,")).encode(
            chance.choice(["utf-8", "utf-16", "latin-1"])
        )
    )
    for _ in range(chance.randrange(1, 12)):
        at, length = chance.randrange(len(content) or 1), chance.randrange(1, 400)
        match chance.randrange(4):
            case 0:
                del content[at : at + length]
            case 1:
                content[at:at] = content[at : at + length]
            case 2:
                content[at : at + length] = chance.randbytes(min(length, 12))
            case 3:
                content[at:at] = chance.choice(
                    [b'"', b"\n", b"\x00", b",;,;", b"\xff\xfe", b"=HYPERLINK(1)"]
                ) * chance.randrange(1, 20)
    return bytes(content)


def taken(upload: Path, folder: Path) -> str | None:
    """Why it is refused; None if it is read. Only the rows, or nothing, are left."""
    try:
        found = read(upload, folder / "rows.parquet", limits=LIMITS)
    except RefusedFileError as fault:
        refused = fault
    else:
        _as_events(found, folder)
        for path in folder.iterdir():
            assert path.suffix == ".parquet"
            path.unlink()
        return None
    said = str(refused)
    assert said[0].isupper()
    assert said.endswith(".") or ": " in said
    assert len(said) < 500
    assert not (folder / "rows.parquet").exists()
    return refused.reason


def _as_events(found: Described, folder: Path) -> None:
    said = ""
    try:
        told = canonical(folder / "rows.parquet", found, as_proposed(found), folder)
    except MappingError as fault:
        said = str(fault)
    else:
        assert told.rows == told.events + sum(told.rejected.values())
    assert not said or "olumn" in said


def test_files_made_by_hand(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    found, expected = {}, {}
    for name, content, reason in by_hand(tmp_path):
        (tmp_path / "upload").write_bytes(content)
        found[name], expected[name] = taken(tmp_path / "upload", folder), reason
    assert found == expected
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 3 << 20, "KiB"


@pytest.mark.parametrize("part", range(5))
def test_files_with_pieces_missing_or_doubled(part: int, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for seed in range(part * FUZZED // 5, (part + 1) * FUZZED // 5):
        (tmp_path / "upload").write_bytes(fuzzed(seed))
        taken(tmp_path / "upload", folder)
        assert list(folder.iterdir()) == []
