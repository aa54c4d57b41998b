"""What the routes share: connections, keys, what serves. Opened with the app, closed with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from prometheus_client import CollectorRegistry
from redis import asyncio as aredis

from api.config import ApiConfig
from api.ingest.intake import Intake
from api.people.people import People
from api.people.readiness import Readiness
from api.people.records import Records
from api.people.standing import Standing
from api.results.reading import Reading
from api.workspaces.desk import Desk
from control.erasing import Eraser
from control.writing import ControlWriter
from feature_store.connect import connect_async


class Resources:
    """Of one API process."""

    def __init__(self, config: ApiConfig, registry: CollectorRegistry) -> None:
        """
        Args:
            registry: of metrics.
        """
        from api.access.keyring import Keyring  # noqa: PLC0415
        from api.access.limits import Limiter  # noqa: PLC0415

        self.config = config
        self.store: aredis.Redis = connect_async(config.redis)
        self.scratch: aredis.Redis = connect_async(config.limits_redis)
        """Without persistence: rates, and what can be made again."""
        self.control = ControlWriter(config.kafka, config.control_topic)
        self.eraser = Eraser(
            config.kafka, self.control, config.topic, config.partitions, config.facts.future_tolerance_ms
        )
        self.keyring: Keyring = Keyring(self.store)
        self.limiter: Limiter = Limiter(self.scratch, config.per_second)
        self.people = People(config, self.store, self.scratch)
        self.records = Records(config, self.people.following)
        self.results = Reading(config.results)
        self.desk = Desk(config.workspaces, config.workspace_days)
        self.intake = Intake(config.kafka, config.topic, config.dead_letter_topic, self.store, registry)
        self.readiness = Readiness(
            config, self.store, self.people.following, self.results, lambda: self.intake.away, registry
        )
        self.standing = Standing(self.store, self.people.following, registry)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Connected until the end of the block."""
        await self.keyring.start()
        self.intake.start()
        await self.people.start()
        self.readiness.start()
        self.standing.start()
        try:
            yield
        finally:
            await self.standing.stop()
            await self.readiness.stop()
            await self.people.stop()
            await self.intake.stop()
            await self.keyring.stop()
            await self.store.aclose()
            await self.scratch.aclose()


async def resources_of(request: Request) -> Resources:  # not waited for; others are called in a thread
    """Dependency of routes."""
    resources: Resources = request.app.state.resources
    return resources
