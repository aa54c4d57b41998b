"""The API keys that hold, kept in memory and read anew every second: a check asks nobody."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.access.secrets import Token, fits
from api.background import Background
from control import tables
from domain.control import ApiKey

log = logging.getLogger("ebbwatch.api")

REFRESH_S: Final = 1.0
"""A revoked key is refused after so long at most."""

_UNKNOWN: Final = "0" * 64


class Keyring:
    """All keys by id."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store
        self._keys: Mapping[str, ApiKey] = {}
        self._stored: dict[bytes, bytes] | None = None
        self._background = Background()

    async def start(self) -> None:
        """Read them, and go on doing so."""
        with suppress(RedisError, OSError):
            await self.refresh()
        self._background.start(self._follow())

    async def stop(self) -> None:
        """Read no more."""
        await self._background.stop()

    async def refresh(self) -> None:
        """Read them now.

        Raises:
            redis.exceptions.RedisError: Redis is away; those of before hold on.
        """
        reading: Any = self._store.hgetall(tables.KEYS)
        stored: dict[bytes, bytes] = await reading
        if stored != self._stored:
            self._keys = {id_.decode(): msgspec.json.decode(v, type=ApiKey) for id_, v in stored.items()}
            self._stored = stored

    def find(self, token: Token, now_ms: int) -> ApiKey | None:
        """The key, if the token is its secret and it holds at `now_ms`."""
        key = self._keys.get(token.id)
        fitting = fits(token, key.digest if key else _UNKNOWN)  # takes as long where there is no such key
        if key is None or not fitting or key.revoked or (key.expires and now_ms >= key.expires):
            return None
        return key

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except (RedisError, OSError) as fault:
                log.warning("keys cannot be read anew: %s", fault)
