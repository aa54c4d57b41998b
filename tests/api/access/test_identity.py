"""Ids are replaced by a keyed hash, or not at all."""

import hashlib
import hmac

from api.access.identity import inside


def test_without_a_secret_an_id_stays() -> None:
    assert inside("ü-17", "") == "ü-17"


def test_with_a_secret_it_is_hmac_sha256_cut_to_32_digits() -> None:
    expected = hmac.new(b"geheim", "ü-17".encode(), hashlib.sha256).hexdigest()
    assert inside("ü-17", "geheim") == expected[:32]


def test_another_secret_and_another_id_make_another_hash() -> None:
    assert len({inside(user, secret) for user in ("a", "b") for secret in ("x", "y")}) == 4
