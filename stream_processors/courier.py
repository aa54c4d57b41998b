"""The courier's process: ``python -m stream_processors.courier``, one for a deployment, started by the supervisor.

It delivers the feed of alerts to webhooks: each entry at least once, always with the same id.
"""

import asyncio
import logging
import secrets
import signal
import sys
import time
from random import SystemRandom
from typing import Any, Final

import msgspec
from prometheus_client import CollectorRegistry
from redis import asyncio as aredis

from connections.ending import ended
from connections.errors import AccessError
from control import feed, tables
from control.webhooks.queue import LostQueueError, Queues
from control.webhooks.sender import TIMEOUT_S, Sender
from domain.control import Webhook
from feature_store.connect import connect_async
from logs.beginning import begin
from stream_processors.config import EXIT_LOST, EXIT_REFUSED
from stream_processors.courier_config import CourierConfig, from_environment
from stream_processors.courier_endpoint import Endpoint, Shared
from stream_processors.courier_metrics import CourierMetrics
from stream_processors.health import Health, serve
from stream_processors.patience import Patience

log = logging.getLogger("ebbwatch.courier")

_LOOK_S: Final = 0.2
_GRACE_S: Final = TIMEOUT_S + 1
"""For what is under way when the courier is told to stop."""


class Courier:
    """One run of the process."""

    def __init__(self, config: CourierConfig) -> None:
        self._config = config
        self._store: aredis.Redis = connect_async(config.redis)
        self._registry = CollectorRegistry()
        self._metrics = CourierMetrics(self._registry, config.restarts)
        self._health = Health()
        self._patience = Patience(self._health, self._metrics)
        self._endpoints: dict[str, Endpoint] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Come to an end: begin nothing more, and wait for what is under way."""
        self._stopping.set()

    async def run(self) -> int:
        """Until told to stop; returns the exit code."""
        config = self._config
        port = serve(config.metrics_host, config.metrics_port, self._registry, self._health)
        log.info("metrics and health on %s:%s", config.metrics_host, port.server_port)
        stopping = asyncio.create_task(self._stopping.wait())
        delivering = asyncio.create_task(self._deliver())
        try:
            await asyncio.wait({stopping, delivering}, return_when="FIRST_COMPLETED")
            give_up = time.monotonic() + _GRACE_S
            # without Redis nothing can be noted: what is under way will be sent again
            while not delivering.done() and time.monotonic() < give_up and not self._health.waits:
                await asyncio.wait({delivering}, timeout=_LOOK_S)
            if delivering.done():
                delivering.result()
        except LostQueueError as fault:
            log.warning("lost: %s", fault)
            return EXIT_LOST
        except AccessError as fault:
            log.error("refused: %s", fault)  # noqa: TRY400 - the message says it all
            return EXIT_REFUSED
        finally:
            await ended((stopping, delivering, *self._tasks.values()))
            await self._store.aclose()
            port.shutdown()
        return 0

    async def _deliver(self) -> None:
        config = self._config
        queues = Queues(self._store, secrets.token_hex(16))
        async with Sender(private=config.private) as sender:
            await self._patience.redis(queues.take)
            shared = Shared(
                self._store, queues, sender, config.key, config.rules, SystemRandom(), self._metrics,
                self._patience,
            )  # fmt: skip
            await self._follow(shared)

    async def _follow(self, shared: Shared) -> None:
        end = -1
        while not self._stopping.is_set():
            webhooks = await self._patience.redis(self._webhooks)
            self._reconcile(webhooks, shared)
            last = await self._patience.redis(lambda: feed.last_number_async(self._store))
            if last != end:
                end = last
                for endpoint in self._endpoints.values():
                    endpoint.wake()
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait(
                {stopping, *self._tasks.values()}, timeout=_LOOK_S, return_when="FIRST_COMPLETED"
            )
            stopping.cancel()
            self._reap()
        for endpoint in self._endpoints.values():
            endpoint.end()
        await asyncio.gather(*self._tasks.values())

    def _reconcile(self, webhooks: dict[str, Webhook], shared: Shared) -> None:
        for id_, webhook in webhooks.items():
            if (endpoint := self._endpoints.get(id_)) is not None:
                endpoint.follow(webhook)
            elif id_ not in self._tasks:
                self._endpoints[id_] = Endpoint(webhook, shared)
                self._tasks[id_] = asyncio.create_task(self._endpoints[id_].run())
        for id_ in self._endpoints.keys() - webhooks.keys():
            self._endpoints.pop(id_).end()

    def _reap(self) -> None:
        for id_, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[id_]
                task.result()
                self._metrics.forget(id_)

    async def _webhooks(self) -> dict[str, Webhook]:
        reading: Any = self._store.hgetall(tables.WEBHOOKS)
        stored: dict[bytes, bytes] = await reading
        return {id_.decode(): msgspec.json.decode(value, type=Webhook) for id_, value in stored.items()}


async def _run(config: CourierConfig) -> int:
    courier = Courier(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, courier.stop)
    return await courier.run()


if __name__ == "__main__":
    begin("courier")
    sys.exit(asyncio.run(_run(from_environment())))
