"""The Faust app: one agent that hands fetches to the lanes, and one that writes clock marks."""

import os
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import faust

from connections.kafka import Security, security
from domain.events import ClockMark, encode
from storage.scratch import claimed
from stream_processors.config import WorkerConfig
from stream_processors.dead_letters import DeadLetter
from stream_processors.lane import Examples
from stream_processors.lanes import Lanes
from stream_processors.transport import SCHEME, Fetch, register

MAX_LETTER_BYTES: Final = 6_291_456  # an original record of 5 MiB and its headers


def _credentials(by: Security) -> Any:
    """The security settings as Faust takes them; None for a plain connection.

    Raises:
        AccessError: a file of TLS cannot be used.
    """
    context = by.context() if by.tls else None
    if by.sasl:
        return faust.SASLCredentials(
            username=by.user, password=by.password, mechanism=by.mechanism, ssl_context=context
        )
    return faust.SSLCredentials(context) if context is not None else None


class KafkaSide:
    """The Faust app and what the rest of the worker asks of it."""

    def __init__(self, config: WorkerConfig) -> None:
        register(config.max_poll_records)
        self.app: Any = faust.App(
            config.group,
            broker=f"{SCHEME}://{config.kafka}",
            broker_credentials=_credentials(security(os.environ)),
            store="memory://",
            datadir=str(claimed("ebbwatch-faust-")),
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            # progress is the position in Redis; Kafka's committed offset is for lag displays only
            stream_wait_empty=False,
            stream_publish_on_commit=False,
            stream_buffer_maxsize=24,  # a whole fetch each: one for every partition without waiting for a busy lane
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=config.instance,
            consumer_max_fetch_size=config.max_fetch_bytes,
            broker_session_timeout=config.session_timeout_s,
            broker_heartbeat_interval=config.session_timeout_s / 5,
            broker_request_timeout=max(40.0, config.session_timeout_s * 2),
            producer_acks=-1,
            # features of many users look alike; aiokafka calls lz4 at its slowest level, at 17 times the cost of zstd
            producer_compression_type="zstd",
            producer_max_request_size=MAX_LETTER_BYTES,
        )
        self.app.fetch_topic = config.topic
        self.events: Any = self.app.topic(config.topic, value_serializer="raw", key_serializer="raw")
        self._dead: Any = self.app.topic(
            config.dead_letter_topic, value_serializer="raw", key_serializer="raw"
        )
        self._snapshots: Any = self.app.topic(config.snapshot_topic, value_serializer="raw")
        self._alerts: Any = self.app.topic(config.alert_topic, value_serializer="raw", key_serializer="raw")
        self._outcomes: Any = self.app.topic(config.outcome_topic, value_serializer="raw")

    def consume_with(self, lanes: Lanes) -> None:
        """Define the agent that feeds the lanes."""
        self.app.fetch_assigned = lanes.open

        @self.app.agent(self.events, name="features")  # type: ignore[untyped-decorator]
        async def features(stream: AsyncIterator[Fetch]) -> None:
            # Faust acks a fetch when the next is asked for; the position in Redis decides, not the ack
            async for fetch in stream:
                await lanes.put(fetch)

    async def send_dead(self, letters: list[DeadLetter]) -> None:
        """Send letters and wait until Kafka has them all."""
        sent = [
            await self._dead.send(key=dead.key, value=dead.value, headers=dead.headers) for dead in letters
        ]
        for promise in sent:
            await promise

    async def send_examples(self, examples: Examples) -> None:
        """Send blocks of snapshots and outcomes, in order, and wait until Kafka has them all."""
        sent = [await self._snapshots.send(value=value, partition=0) for value in examples.snapshots]
        sent += [await self._outcomes.send(value=value, partition=0) for value in examples.outcomes]
        for promise in sent:
            await promise

    async def send_alerts(self, alerts: Sequence[tuple[bytes, bytes]]) -> None:
        """Send alerts by user and wait until Kafka has them all."""
        sent = [await self._alerts.send(key=user, value=value) for user, value in alerts]
        for promise in sent:
            await promise

    async def send_mark(self, partition: int, time_ms: int) -> None:
        """Write a clock mark into one partition and wait until Kafka has it."""
        await (await self.events.send(value=encode(ClockMark(mark=time_ms)), partition=partition))
