"""Records into the topic `control`: answered when Kafka has them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connections.kafka import librdkafka
from domain.control import Record, encode, key_of

_PATIENCE_S: Final = 10.0


class ControlAwayError(RuntimeError):
    """Kafka did not take a record: nothing was decided."""


class ControlWriter:
    """Sends records and knows their offsets. Safe for several threads."""

    def __init__(self, kafka: str, topic: str, *, patience_s: float = _PATIENCE_S) -> None:
        self.topic: Final = topic
        self._patience_s = patience_s
        self._producer = Producer(
            {
                **librdkafka(kafka),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 2,
                "message.timeout.ms": int(patience_s * 1000),
                "log_level": 2,
            }
        )

    def write(self, records: Sequence[Record], removed: Sequence[bytes] = ()) -> int:
        """Send records, then take away those with the keys `removed`; the offset of the last.

        Raises:
            ControlAwayError: Kafka did not take them all in time.
        """
        offsets: list[int] = []
        faults: list[KafkaError] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                offsets.append(message.offset() or 0)
            else:
                faults.append(error)

        pairs = [(key_of(record), encode(record)) for record in records]
        try:
            for key, value in [*pairs, *((key, None) for key in removed)]:
                self._producer.produce(self.topic, value, key, 0, on_delivery=delivered)
        except (KafkaException, BufferError) as fault:
            raise ControlAwayError(f"Kafka does not take a decision: {fault}") from fault
        self._producer.flush(self._patience_s)
        if faults or len(offsets) < len(pairs) + len(removed):
            why = faults[0].str() if faults else "no answer in time"
            raise ControlAwayError(f"Kafka does not take a decision: {why}")
        return max(offsets)

    async def write_async(self, records: Sequence[Record], removed: Sequence[bytes] = ()) -> int:
        """`write` in a thread."""
        return await asyncio.to_thread(self.write, records, removed)
