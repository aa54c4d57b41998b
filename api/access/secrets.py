"""Secrets of API keys: made once, shown once, stored as a digest."""

import hashlib
import hmac
import secrets
from typing import Final, NamedTuple

_PREFIX: Final = "ebb"
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32


class Token(NamedTuple):
    """A key as its holder has it: ``ebb_<id>_<secret>``."""

    id: str
    secret: str

    @property
    def text(self) -> str:
        """For the holder."""
        return f"{_PREFIX}_{self.id}_{self.secret}"

    @property
    def digest(self) -> str:
        """SHA-256 of the secret, hex: what is stored."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def make() -> Token:
    """A new one: 256 random bits, so that no slow hash is needed."""
    return Token(secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES))


def parse(text: str) -> Token | None:
    """None for what is no key of ours."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != _PREFIX or not text.isascii():
        return None
    return Token(parts[1], parts[2])


def fits(token: Token, digest: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(token.digest, digest)
