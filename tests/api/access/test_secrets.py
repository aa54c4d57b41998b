"""Secrets of keys."""

import pytest

from api.access.secrets import Token, fits, make, parse


def test_a_key_is_read_back_and_fits_its_digest_only() -> None:
    token, other = make(), make()
    assert parse(token.text) == token
    assert fits(token, token.digest)
    assert not fits(Token(token.id, other.secret), token.digest)


def test_the_secret_is_long_and_new_each_time() -> None:
    assert len({make().secret for _ in range(100)}) == 100
    assert len(make().secret) == 64  # 256 bits in hex


@pytest.mark.parametrize("text", ["", "ebb", "ebb_a", "ebb_a_b_c", "abc_a_b", "ebb_ä_b", "Bearer ebb_a_b"])
def test_what_is_no_key(text: str) -> None:
    assert parse(text) is None
