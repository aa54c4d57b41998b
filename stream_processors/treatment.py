"""Sends treatments and assignments into the topic of events, keyed and partitioned as those of products."""

from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from redis import Redis

from connections.kafka import librdkafka
from domain.events import Event, encode
from feature_store.stream import load

_PATIENCE_S: Final = 10.0


class TreatmentError(OSError):
    """Kafka did not take an event: what caused it is projected again, and sent again."""


class Treatments:
    """The way of the notifier's own events. One thread."""

    def __init__(self, kafka: str, store: Redis) -> None:
        self._store = store
        self._producer = Producer(
            {
                **librdkafka(kafka),
                "partitioner": "murmur2_random",  # as Java: librdkafka's own default disagrees
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 2,
                "message.timeout.ms": int(_PATIENCE_S * 1000),
                "log_level": 2,
            }
        )

    def send(self, events: Sequence[Event]) -> None:
        """Send events and return when Kafka has them.

        Raises:
            TreatmentError: it does not.
        """
        stream = load(self._store)
        if not events or stream is None:  # nobody serves a log yet: nobody can have been alerted
            return
        faults: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                faults.append(error)

        try:
            for event in events:
                self._producer.produce(
                    stream.topic, encode(event), event.user_id.encode(), on_delivery=delivered
                )
            left = self._producer.flush(_PATIENCE_S)
        except (KafkaException, BufferError) as fault:
            raise TreatmentError(f"{stream.topic}: {fault}") from fault
        if left or faults:
            raise TreatmentError(f"{stream.topic}: {faults[0].str() if faults else 'no answer in time'}")
