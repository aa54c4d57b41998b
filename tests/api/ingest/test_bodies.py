"""Compressed bodies: read whole, refused when they grow too large, without ever being that large."""

import gzip
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard

from api.ingest.bodies import MAX_BYTES, plain
from api.problems import ProblemError

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize("size", [0, 1, 5_000, MAX_BYTES])
def test_what_was_packed_comes_out(encoding: str, size: int) -> None:
    body = b"x" * size
    assert plain(PACK[encoding](body), encoding) == body
    assert plain(PACK[encoding](body), f" {encoding.upper()} ") == body


@pytest.mark.parametrize("encoding", PACK)
def test_several_members_are_one_body(encoding: str) -> None:
    packed = PACK[encoding](b"[1,") + PACK[encoding](b"2]")
    assert plain(packed, encoding) == b"[1,2]"


@pytest.mark.parametrize("encoding", PACK)
def test_a_byte_too_many_is_refused(encoding: str) -> None:
    assert _status(PACK[encoding](b"x" * (MAX_BYTES + 1)), encoding) == 413


@pytest.mark.parametrize("encoding", PACK)
def test_a_bomb_is_refused_while_it_is_decompressed(encoding: str) -> None:
    bomb = PACK[encoding](b"\0" * 200_000_000)
    tracemalloc.start()
    try:
        assert _status(bomb, encoding) == 413
        assert tracemalloc.get_traced_memory()[1] < 16 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_a_zstd_window_that_wants_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert _status(writer.compress(b"x" * 1000) + writer.flush(), "zstd") == 400


@pytest.mark.parametrize("encoding", PACK)
def test_what_is_damaged_is_refused(encoding: str) -> None:
    assert _status(b"[]", encoding) == 400


def test_a_gzip_that_ends_too_early_is_refused() -> None:
    assert _status(gzip.compress(b"x" * 1000)[:-9], "gzip") == 400


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x"])
def test_another_encoding_is_refused(encoding: str) -> None:
    assert _status(b"[]", encoding) == 415


def test_without_an_encoding_a_body_is_what_it_is() -> None:
    assert plain(b"[]", "") == plain(b"[]", "identity") == b"[]"


def _status(body: bytes, encoding: str) -> int:
    with pytest.raises(ProblemError) as raised:
        plain(body, encoding)
    return raised.value.status
