"""A new API key, by command or by call."""

from collections.abc import Iterable
from typing import NamedTuple

from api.access.secrets import Token, make
from domain.calendar import DAY_MS
from domain.control import ApiKey, Scope


class Made(NamedTuple):
    """What is stored of it, and what its holder gets this once."""

    key: ApiKey
    token: Token


def made(name: str, scopes: Iterable[Scope], days: int, per_second: int, now_ms: int) -> Made:
    """
    Args:
        name: whose it is; its id, if empty.
        days: until it expires; 0 for never.
        per_second: requests a second; 0 for the deployment's default.
    """
    token = make()
    key = ApiKey(
        id=token.id,
        name=name or token.id,
        digest=token.digest,
        scopes=tuple(dict.fromkeys(scopes)),
        created=now_ms,
        expires=now_ms + days * DAY_MS if days else 0,
        per_second=per_second,
    )
    return Made(key, token)
