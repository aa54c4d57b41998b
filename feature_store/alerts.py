"""A partition's alerts in the store: those that have not left for Kafka yet, and the brake."""

from collections.abc import Sequence
from typing import Any, Final

from redis import asyncio as aredis

from feature_store.keys import Keys

BRAKE: Final = b"brake"
"""The field of the brake's state (`domain.brake`); every other is an alert's id."""


class AlertStore:
    """Reads and forgets alerts of any partition; they are written with the steps (`feature_store.write`)."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store

    async def load(self, keys: Keys) -> dict[bytes, bytes]:
        """Field to value."""
        stored: Any = self._store.hgetall(keys.alerts)
        return dict(await stored)

    async def forget(self, keys: Keys, ids: Sequence[bytes]) -> None:
        """These have left; to say so twice does no harm."""
        forgetting: Any = self._store.hdel(keys.alerts, *ids)
        await forgetting
