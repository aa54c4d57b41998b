"""One worker process: ``python -m stream_processors.worker``, started by the supervisor."""

import asyncio
import gc
import logging
import os
import sys
import time
from functools import partial

import msgspec
from prometheus_client import REGISTRY

from connections import refusals
from connections.errors import AccessError
from domain.labels import lineage_of
from feature_store.alerts import AlertStore
from feature_store.connect import connect_async
from feature_store.keys import Keys
from feature_store.position import RefusedError
from feature_store.read import Reader
from feature_store.stream import Stream
from feature_store.write import FencedError, Writer
from logs.beginning import begin
from online_model.loading import last_good, load
from online_model.registry.registry import Registry
from stream_processors.alerting import Desk
from stream_processors.app import KafkaSide
from stream_processors.clock import due_marks
from stream_processors.config import EXIT_LOST, EXIT_REFUSED, WorkerConfig, from_environment
from stream_processors.following import Following
from stream_processors.health import Health, serve
from stream_processors.lane import LostError, Parts
from stream_processors.lanes import Lanes
from stream_processors.metrics import WorkerMetrics
from stream_processors.patience import Patience
from stream_processors.probe import kafka_listens
from stream_processors.warmup import warm_up

log = logging.getLogger("ebbwatch.worker")

_SWITCH_S = 0.0005
"""Kafka's consumer has a thread of its own, with many short turns for each fetch: Python's 5 ms a turn add up."""

_PROBE_S = 2.0


def end(fault: BaseException) -> None:
    """End the process at once: only a fresh start knows for certain where the store stands."""
    fault = refusals.of_redis(fault) or fault
    if isinstance(fault, RefusedError | AccessError):
        log.error("refused: %s", fault)
        code = EXIT_REFUSED
    elif isinstance(fault, FencedError | LostError):
        log.warning("lost: %s", fault)
        code = EXIT_LOST
    else:
        log.error("worker failed", exc_info=fault)
        code = 1
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


class Worker:
    """Wires Kafka's side, the lanes and the port together."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._health = Health()
        metrics = WorkerMetrics(REGISTRY, config.restarts)
        self._metrics = metrics
        self._patience = Patience(self._health, metrics)
        self._kafka = KafkaSide(config)
        store = connect_async(config.redis)
        registry = Registry(config.registry, config.registry_key.encode())
        lineage = lineage_of(config.facts, config.topic_id)
        self._following = Following(
            config.kafka,
            config.model_topic,
            partial(load, registry, lineage=lineage),
            partial(last_good, registry, lineage),
            metrics,
            self._health,
        )
        self._reader = Reader(store)
        self._alerts = AlertStore(store)
        parts = Parts(
            self._reader,
            Writer(store),
            self._kafka.send_dead,
            self._patience,
            metrics,
            config.facts,
            config.topic,
            config.partitions,
            self._kafka.send_examples,
            lambda: self._following.risk,
            lambda: self._following.former,
            Desk(config.policy, config.actions, config.facts.horizon_ms, self._kafka.send_alerts, metrics),
            self._alerts,
            config.sweep_users,
        )
        self._desk = parts.desk
        self._lanes = Lanes(parts, self._keys, config.topic_id, self._health, end, self._look)
        self._kafka.consume_with(self._lanes)
        app = self._kafka.app
        app.task(self._watch)
        app.task(self._probe)
        app.on_before_shutdown.connect(self._close)

    def _keys(self, partition: int) -> Keys:
        return Keys(self._config.generation, partition)

    async def _close(self, *_: object, **__: object) -> None:
        await self._lanes.close()

    async def _look(self) -> Stream | None:
        """The stream pointer; the lanes learn from it whether they follow the log live."""
        stored = await self._patience.redis(self._reader.stream)
        stream = msgspec.json.decode(stored, type=Stream) if stored else None
        served = stream is not None and stream.generation == self._config.generation
        self._desk.live = stream is not None and stream.live and served
        self._desk.command = await self._patience.redis(self._alerts.command)
        return stream

    async def _watch(self) -> None:
        """Follow the stream pointer, write marks while the clock is live, and measure the lag."""
        config = self._config
        while True:
            stream = await self._look()
            if stream is not None and stream.generation > config.generation:
                end(LostError(f"generation {stream.generation} is served now"))
            if self._desk.live:
                marks = due_marks(self._lanes.clocks(), int(time.time() * 1000), config.clock_lag_ms)
                for partition, mark in marks.items():
                    await self._patience.kafka(partial(self._kafka.send_mark, partition, mark))
            try:
                await self._lanes.still_stand()
            except LostError as fault:
                end(fault)
            self._measure_lag()
            await asyncio.sleep(config.mark_interval_s if self._desk.live else 1.0)

    async def _probe(self) -> None:
        """Say in the health when Kafka is away; the consumer itself waits without a word."""
        while True:
            await self._patience.kafka(partial(kafka_listens, self._config.kafka))
            await asyncio.sleep(_PROBE_S)

    def _measure_lag(self) -> None:
        consumer = self._kafka.app.consumer
        positions = self._lanes.positions()
        for tp in consumer.assignment():
            high = consumer.highwater(tp) if tp.partition in positions else None
            if high is not None:
                self._metrics.lag.labels(tp.partition).set(max(0, high - positions[tp.partition]))

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        warm_up(self._config.facts)
        self._following.start()
        server = serve(self._config.metrics_host, self._config.metrics_port, REGISTRY, self._health)
        log.info("metrics and health on http://%s:%s", *server.server_address[:2])
        # a batch makes thousands of objects and no cycles: at Python's thresholds a quarter of decoding is spent
        # on looking for some
        sys.setswitchinterval(_SWITCH_S)
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)
        worker = self._kafka.app.Worker(override_logging=False, redirect_stdouts=False, quiet=True)
        worker.spinner = None  # it would write signs for a terminal into the log
        worker.execute_from_commandline()


if __name__ == "__main__":
    begin("worker")
    Worker(from_environment()).run()
