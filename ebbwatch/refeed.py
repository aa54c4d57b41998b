"""Fill a generation of the store from the archive, up to where the log in Kafka takes over.

The records take the workers' way, through the same lanes; only where they come from is another.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from confluent_kafka import KafkaError, Message, Producer
from prometheus_client import CollectorRegistry
from redis import asyncio as aredis

from archive.address import Address
from archive.log import open_log
from archive.reading import in_log_order
from archive.records import records_of
from connections.ending import ended
from connections.kafka import librdkafka
from control.log import LogBounds
from domain.records import side_by_side
from ebbwatch.deployment import Deployment
from ebbwatch.processes import policy_of
from ebbwatch.serving import models
from feature_store.alerts import AlertStore
from feature_store.connect import connect_async
from feature_store.read import Reader
from feature_store.write import Writer
from online_model.risk import Risk
from stream_processors.alerting import Desk
from stream_processors.dead_letters import DeadLetter
from stream_processors.health import Health
from stream_processors.lane import Examples, Parts
from stream_processors.lanes import Lanes
from stream_processors.metrics import WorkerMetrics
from stream_processors.patience import Patience
from stream_processors.transport import Fetch

_SEND_S: Final = 30.0
_LOOK_S: Final = 0.02
_EPOCH: Final = 1


def refeed(
    here: Deployment, archive: Address, stops: Mapping[int, int], progress: Callable[[int], None]
) -> None:
    """Feed what is archived of each partition into the generation that `here` names.

    Args:
        stops: offset after the last record by partition, which the archive must have.
        progress: told how many more records have been read.

    Raises:
        ArchiveError: the archive lacks some of it.
        LogError: Kafka does not answer.
        RefusedError: the store does not fit.
    """
    with models(here) as following:
        risk = following.look().risk
        asyncio.run(_refeed(here, archive, stops, progress, risk))


async def _refeed(
    here: Deployment, archive: Address, stops: Mapping[int, int], progress: Callable[[int], None], risk: Risk
) -> None:
    store = connect_async(here.at.redis)
    faults: list[BaseException] = []
    lanes = Lanes(
        _parts(here, store, risk), here.stream.keys, here.topic_id, Health(), faults.append, _nothing
    )
    try:
        await lanes.open({partition: LogBounds(0, stop) for partition, stop in stops.items()}, _EPOCH)
        feeding = [
            asyncio.create_task(_feed(lanes, here, archive, partition, stop, progress, faults))
            for partition, stop in stops.items()
        ]
        try:
            await asyncio.gather(*feeding)
            while not faults and lanes.positions() != dict(stops):
                await asyncio.sleep(_LOOK_S)
        finally:
            await ended(feeding)
        if faults:
            raise faults[0]
        await lanes.close()
    finally:
        await store.aclose()


async def _feed(
    lanes: Lanes,
    here: Deployment,
    archive: Address,
    partition: int,
    stop: int,
    progress: Callable[[int], None],
    faults: list[BaseException],
) -> None:
    opened = await asyncio.to_thread(open_log, archive, here.topic_id)
    batches = in_log_order(opened, partition, lanes.positions()[partition], stop)
    while not faults and (rows := await asyncio.to_thread(next, batches, None)) is not None:
        records = records_of(rows)
        fetch = Fetch(here.stream.topic, partition, records[0].offset, side_by_side(records))
        fetch.epoch = _EPOCH
        await lanes.put(fetch)
        progress(len(records))


def _parts(here: Deployment, store: aredis.Redis, risk: Risk) -> Parts:
    settings = here.settings
    metrics = WorkerMetrics(CollectorRegistry())
    sender = _Sender(here)
    return Parts(
        Reader(store),
        Writer(store),
        sender.dead,
        Patience(Health(), metrics),
        metrics,
        settings.facts(),
        here.stream.topic,
        here.stream.partitions,
        sender.examples,
        lambda: risk,
        lambda: None,
        Desk(policy_of(here.settings), {}, settings.facts().horizon_ms, _no_alerts, metrics),
        AlertStore(store),
        sweep_users=0,
    )


async def _nothing() -> None:
    """The pointer is not looked at: the generation is not served yet."""


async def _no_alerts(alerts: Sequence[tuple[bytes, bytes]]) -> None:
    """None is raised while the log is not followed live."""
    assert not alerts


class _Sender:
    """Sends what leaves the lanes, in order."""

    def __init__(self, here: Deployment) -> None:
        self._settings = here.settings
        self._producer = Producer(
            {**librdkafka(here.at.kafka), "acks": "all", "enable.idempotence": True, "log_level": 2,
             "message.max.bytes": 6_291_456, "compression.type": "zstd"}
        )  # fmt: skip

    async def dead(self, letters: list[DeadLetter]) -> None:
        topic = self._settings.dead_letter_topic
        await asyncio.to_thread(
            self._send, [(topic, letter.key, letter.value, dict(letter.headers)) for letter in letters]
        )

    async def examples(self, examples: Examples) -> None:
        settings = self._settings
        both = ((settings.snapshot_topic, examples.snapshots), (settings.outcome_topic, examples.outcomes))
        await asyncio.to_thread(
            self._send, [(topic, None, value, {}) for topic, values in both for value in values]
        )

    def _send(self, records: list[tuple[str, bytes | None, bytes | None, dict[str, bytes]]]) -> None:
        faults: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                faults.append(error)

        for topic, key, value, headers in records:
            self._producer.produce(
                topic, value, key, partition=0, headers=list(headers.items()), on_delivery=delivered
            )
            self._producer.poll(0)
        if self._producer.flush(_SEND_S) or faults:
            raise OSError(
                f"Kafka does not take what leaves the store: {faults[0] if faults else 'no answer'}"
            )
