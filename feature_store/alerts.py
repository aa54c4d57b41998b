"""Alerts in the store: those that have not left for Kafka yet, the brake, and what an operator wants of it."""

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
from redis import Redis
from redis import asyncio as aredis

from domain.brake import Brake, Command, decode
from feature_store.keys import COMMAND, Keys

BRAKE: Final = b"brake"
"""The field of the brake's state (`domain.brake`); every other is an alert's id."""


class BrakeCommand(msgspec.Struct, frozen=True):
    """The last command of an operator, for all partitions; stored as JSON under `COMMAND`."""

    command: Command
    at: int
    """ms: when it was given; each partition obeys it once."""


def command_brake(store: Redis, command: BrakeCommand) -> None:
    """Give a command; the owners of the partitions see it at their next look."""
    store.set(COMMAND, msgspec.json.encode(command))


def load_brake(store: Redis, keys: Keys) -> Brake:
    """A partition's brake.

    Raises:
        DamagedBrakeError: it cannot be read.
    """
    return decode(cast("bytes | None", store.hget(keys.alerts, BRAKE.decode())))


class AlertStore:
    """Reads and forgets alerts of any partition; they are written with the steps (`feature_store.write`)."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store

    async def load(self, keys: Keys) -> dict[bytes, bytes]:
        """Field to value."""
        stored: Any = self._store.hgetall(keys.alerts)
        return dict(await stored)

    async def command(self) -> BrakeCommand | None:
        """The last command of an operator."""
        stored: Any = await self._store.get(COMMAND)
        return None if stored is None else msgspec.json.decode(stored, type=BrakeCommand)

    async def forget(self, keys: Keys, ids: Sequence[bytes]) -> None:
        """These have left; to say so twice does no harm."""
        forgetting: Any = self._store.hdel(keys.alerts, *ids)
        await forgetting
