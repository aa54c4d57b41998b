"""What a file is, by its bytes; its name decides nothing."""

import zipfile
from pathlib import Path
from typing import Final

from advisor.intake.described import Format
from advisor.intake.limits import Limits, RefusedFileError

_PACKED: Final = {
    b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
}  # fmt: skip
_OTHERS: Final = {
    b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"\x7fELF": "a program", b"MZ": "a program", b"SQLite format 3": "a database",
    b"<!DOCTYPE html": "a web page", b"<html": "a web page",
    b"<?xml": "XML", b"{": "JSON", b"[": "JSON",
}  # fmt: skip
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD: Final = 65_536


def kind_of(path: Path, limits: Limits) -> Format:
    """How the file is to be read.

    Raises:
        RefusedFileError: it is empty, too large, packed, of another kind, or a bomb.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise RefusedFileError(
            "too_large",
            f"The file has {size / 1e6:,.0f} MB, and {limits.file_bytes / 1e6:,.0f} MB is the most: "
            "leave out columns that are not needed, or send a shorter time.",
        )
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\x00 \t\r\n"):
        raise RefusedFileError("empty", "The file is empty: export it again, with its rows.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK"):
        _check_archive(path, limits)
        return "excel"
    if head.startswith(_OLE):
        return "excel"
    for magic, what in _PACKED.items():
        if head.startswith(magic):
            raise RefusedFileError(
                "packed", f"The file is packed with {what}: unpack it and send what is inside."
            )
    for magic, what in _OTHERS.items():
        if head.removeprefix(b"\xef\xbb\xbf").lstrip()[: len(magic)].lower() == magic.lower():
            raise RefusedFileError(
                "other_kind", f"The file is {what}, not a table: save it as CSV, Excel or Parquet."
            )
    if _binary(head):
        raise RefusedFileError(
            "binary", "The file is no text, no spreadsheet and no Parquet: save it as CSV or Excel."
        )
    return "csv"


def _check_archive(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise RefusedFileError(
            "damaged", "The spreadsheet is damaged: open it, save it again and send that."
        ) from error
    names = {part.filename for part in parts}
    if not any(name.startswith("xl/") or name == "content.xml" for name in names):
        raise RefusedFileError(
            "packed", "The file is a ZIP archive without a spreadsheet: unpack it and send what is inside."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise RefusedFileError("locked", "The spreadsheet is protected by a password: save it without one.")
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > limits.parts or unpacked > limits.unpacked_bytes:
        raise RefusedFileError(
            "bomb",
            f"Unpacked the spreadsheet would have {unpacked / 1e6:,.0f} MB in {len(parts):,} parts, too much for a "
            "table of this size: save it as CSV.",
        )


def _binary(head: bytes) -> bool:
    """Whether it is no text: UTF-16 has every second byte zero, other text none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    controls = sum(head.count(bytes([code])) for code in (*range(1, 9), *range(14, 27), *range(28, 32), 127))
    zeros = head.count(0)
    return controls > len(head) / 50 or (zeros > len(head) / 10 and not _wide(head))


def _wide(head: bytes) -> bool:
    """Text in UTF-16 without a mark at its beginning."""
    return max(head[::2].count(0), head[1::2].count(0)) > len(head) * 0.4
