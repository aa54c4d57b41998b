"""What the routes share: connections, keys, what serves. Opened with the app, closed with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import Request
from redis import asyncio as aredis

from api.config import ApiConfig
from api.people.people import People
from control.writing import ControlWriter
from feature_store.connect import connect_async

if TYPE_CHECKING:  # the guard asks the resources, and they hold what it asks
    pass


class Resources:
    """Of one API process."""

    def __init__(self, config: ApiConfig) -> None:
        from api.access.keyring import Keyring  # noqa: PLC0415
        from api.access.limits import Limiter  # noqa: PLC0415

        self.config = config
        self.store: aredis.Redis = connect_async(config.redis)
        self.scratch: aredis.Redis = connect_async(config.limits_redis)
        """Without persistence: rates, and what can be made again."""
        self.control = ControlWriter(config.kafka, config.control_topic)
        self.keyring: Keyring = Keyring(self.store)
        self.limiter: Limiter = Limiter(self.scratch, config.per_second)
        self.people = People(config, self.store)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connected until the end of the block."""
        await self.keyring.start()
        await self.people.start()
        try:
            yield
        finally:
            await self.people.stop()
            await self.keyring.stop()
            await self.store.aclose()
            await self.scratch.aclose()


def resources_of(request: Request) -> Resources:
    """Dependency of routes."""
    resources: Resources = request.app.state.resources
    return resources
