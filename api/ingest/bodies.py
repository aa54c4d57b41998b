"""Bodies as they were before they were compressed, within bounds that hold while they are decompressed."""

import zlib
from typing import Final

import zstandard

from api.problems import ProblemError

MAX_BYTES: Final = 1 << 20
"""Of a body, after decompression."""

_WINDOW: Final = 8 << 20  # RFC 8878: what a decoder should support; a frame that wants more memory is refused
_GZIP: Final = 31


def plain(body: bytes, encoding: str, most: int = MAX_BYTES) -> bytes:
    """The body without its Content-Encoding.

    Args:
        encoding: value of the header; empty and ``identity`` for none.

    Raises:
        ProblemError: 413, it would grow beyond `most` bytes; 415, another encoding; 400, it is damaged.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            found = _gunzipped(body, most)
        case "zstd":
            found = _unzstd(body, most)
        case _:
            raise ProblemError(
                415,
                "unknown_encoding",
                "Content-Encoding may be gzip or zstd",
                {"Accept-Encoding": "gzip, zstd"},
            )
    if len(found) > most:
        raise ProblemError(
            413, "too_large", f"a body may have {most:,} bytes after decompression: send several"
        )
    return found


def _gunzipped(body: bytes, most: int) -> bytes:
    """Up to `most` + 1 bytes; several members behind each other are one body (RFC 1952)."""
    parts: list[bytes] = []
    room, rest = most + 1, body
    try:
        while rest and room > 0:
            member = zlib.decompressobj(_GZIP)
            part = member.decompress(rest, room)
            parts.append(part)
            room -= len(part)
            if room > 0 and not member.eof:
                raise ProblemError(400, "damaged", "the gzip body ends too early")
            rest = member.unused_data
    except zlib.error as fault:
        raise ProblemError(400, "damaged", "the body is no gzip") from fault
    return b"".join(parts)


def _unzstd(body: bytes, most: int) -> bytes:
    """Up to `most` + 1 bytes. One that ends too early gives what there is: it is no whole JSON."""
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(body, read_across_frames=True)
    try:
        found = reader.read(most + 1)
    except zstandard.ZstdError as fault:
        raise ProblemError(400, "damaged", "the body is no zstd, or wants a window above 8 MB") from fault
    return found
