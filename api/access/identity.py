"""User ids at the door: with a secret they are replaced by a keyed hash, and nothing inside knows the id itself."""

import hashlib
import hmac
from typing import Final

_DIGITS: Final = 32
"""Hex digits, 128 bits: among 10^12 users the chance that any two agree is below 10^-14."""


def inside(user_id: str, secret: str) -> str:
    """The id under which a user is known inside: HMAC-SHA256 of it, cut to 32 hex digits; as it is without a secret.

    Args:
        secret: `ApiConfig.id_secret`. Whoever has it can find the id of a known user, nobody else; with another one
            all users are new.
    """
    if not secret:
        return user_id
    return hmac.digest(secret.encode(), user_id.encode(), hashlib.sha256).hex()[:_DIGITS]
