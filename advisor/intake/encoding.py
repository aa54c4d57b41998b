"""Text in whatever encoding it came, as UTF-8."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from charset_normalizer import from_bytes

from advisor.intake.limits import Limits, RefusedFileError

_BLOCK: Final = 1 << 20
_SAMPLE: Final = 262_144
_EIGHT_BITS: Final = [
    "cp1252",
    "iso8859_15",
    "cp1250",
    "iso8859_2",
    "cp1251",
    "koi8_r",
    "mac_roman",
    "shift_jis",
    "gb18030",
]
_COMMON: Final = "cp1252"
"""Of Windows in the west; it holds Latin-1, whose other signs are no text."""


class Text(NamedTuple):
    """What a file is written in."""

    encoding: str
    notes: tuple[str, ...]


def as_utf8(source: Path, target: Path, limits: Limits) -> Text:
    """Write the file's text into another, in UTF-8 and without a mark or zeros.

    Lines of a file that mixes UTF-8 with an encoding of eight bits are each read as what they are.

    Raises:
        RefusedFileError: it is no text, or a line has no end.
    """
    with source.open("rb") as file:
        head = file.read(4)
    for mark, name in (
        (codecs.BOM_UTF8, "utf_8"),
        (codecs.BOM_UTF16_LE, "utf_16_le"),
        (codecs.BOM_UTF16_BE, "utf_16_be"),
    ):
        if head.startswith(mark):
            return _whole(source, target, name, len(mark))
    if head[1:2] == b"\x00" or head[:1] == b"\x00":
        return _whole(source, target, "utf_16_le" if head[1:2] == b"\x00" else "utf_16_be", 0)
    return _by_line(source, target, limits)


def _whole(source: Path, target: Path, encoding: str, skip: int) -> Text:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    lost = 0
    with source.open("rb") as file, target.open("wb") as out:
        file.seek(skip)
        while True:
            block = file.read(_BLOCK)
            text = decoder.decode(block, final=not block)
            lost += text.count("\ufffd")
            out.write(text.replace("\x00", "").encode())
            if not block:
                break
    notes = (f"{lost:,} characters could not be read and are shown as \ufffd.",) if lost else ()
    return Text(encoding.replace("_", "-"), notes)


def _by_line(source: Path, target: Path, limits: Limits) -> Text:
    other, wide, zeros = b"", 0, 0
    narrow = 0
    with source.open("rb") as file:
        for line in _lines(file, limits):
            zeros += line.count(0)
            if line.isascii():
                continue
            try:
                line.decode()
            except UnicodeDecodeError:
                narrow += 1
                if len(other) < _SAMPLE:
                    other += line
            else:
                wide += 1
    eight = _eight_bits(other) if narrow else ""
    with source.open("rb") as file, target.open("wb") as out:
        for line in _lines(file, limits):
            out.write(_utf8(line, eight).replace(b"\x00", b""))
    notes = []
    if narrow and wide:
        notes.append(f"{narrow:,} lines are in {eight}, the others in UTF-8: each was read as what it is.")
    if zeros:
        notes.append(f"{zeros:,} zero bytes were left out.")
    return Text("utf-8" if not narrow else eight, tuple(notes))


def _lines(file: BinaryIO, limits: Limits) -> Iterator[bytes]:
    while line := file.readline(limits.cell + 1):
        if len(line) > limits.cell:
            raise RefusedFileError(
                "huge_line",
                f"A line of the file has more than {limits.cell:,} bytes: it is no table, or a quotation mark is "
                "never closed.",
            )
        yield line


def _utf8(line: bytes, eight: str) -> bytes:
    if not eight or line.isascii():
        return line
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode(eight, "replace").encode()
    return line


def _eight_bits(sample: bytes) -> str:
    found = from_bytes(sample, cp_isolation=_EIGHT_BITS).best()
    if found is None:
        return _COMMON
    # Latin-1 and its kin differ from Windows' in signs that tables seldom have
    alike = sample.decode(found.encoding, "replace") == sample.decode(_COMMON, "replace")
    return _COMMON if alike else found.encoding
