"""What the routes share: connections, keys, what serves. Opened with the app, closed with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import Request
from redis import asyncio as aredis

from api.config import ApiConfig
from control.erasing import Eraser
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
        self._limits: aredis.Redis = connect_async(config.limits_redis)
        self.control = ControlWriter(config.kafka, config.control_topic)
        self.eraser = Eraser(
            config.kafka, self.control, config.topic, config.partitions, config.facts.future_tolerance_ms
        )
        self.keyring: Keyring = Keyring(self.store)
        self.limiter: Limiter = Limiter(self._limits, config.per_second)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connected until the end of the block."""
        await self.keyring.start()
        try:
            yield
        finally:
            await self.keyring.stop()
            await self.store.aclose()
            await self._limits.aclose()


def resources_of(request: Request) -> Resources:
    """Dependency of routes."""
    resources: Resources = request.app.state.resources
    return resources
