"""The way of events into the served topic, and of letters into that of dead letters."""

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from redis import asyncio as aredis

from api.ingest.repeats import Repeats
from api.ingest.served import ServedTopic
from api.problems import ProblemError
from producers.acknowledged import AcknowledgedProducer, KafkaAwayError, Outgoing

_MOVES: Final = 3


class IntakeMetrics:
    """Events that come in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.events = Counter(
            "ebbwatch_api_events_total",
            "Events by what became of them: accepted, rejected, dead_lettered, ignored.",
            ["source", "result"],
            registry=registry,
        )
        self.messages = Counter(
            "ebbwatch_api_segment_messages_total",
            "Messages of Segment's libraries by their type.",
            ["type"],
            registry=registry,
        )


class Intake:
    """One for each process."""

    def __init__(
        self, kafka: str, topic: str, dead_letter_topic: str, store: aredis.Redis, registry: CollectorRegistry
    ) -> None:
        self._producer = AcknowledgedProducer(kafka)
        self._dead_letter_topic = dead_letter_topic
        self.served = ServedTopic(store, topic)
        self.repeats = Repeats(store)
        self.metrics = IntakeMetrics(registry)

    @property
    def away(self) -> str:
        """Why no events are taken at present; empty while Kafka answers."""
        return self._producer.away

    def start(self) -> None:
        """From the running loop."""
        self._producer.start()

    async def stop(self) -> None:
        """Let go of Kafka."""
        await self._producer.stop()

    async def deliver(self, events: Sequence[Outgoing], letters: Sequence[Outgoing] = ()) -> None:
        """Return when Kafka has all of them, in the topic that is served at that time.

        Raises:
            ProblemError: 503; what Kafka has of them is not known.
        """
        try:
            if letters:
                await self._producer.send(self._dead_letter_topic, letters)
            if events:
                await self._into_served(events)
        except KafkaAwayError as fault:
            detail = "Kafka has not acknowledged the events: nothing is promised, send them again"
            raise ProblemError(503, "kafka_away", detail, {"Retry-After": "2"}) from fault

    async def _into_served(self, events: Sequence[Outgoing]) -> None:
        topic = await self.served.recent()
        for _ in range(_MOVES):
            await self._producer.send(topic, events)
            now = await self.served.now()
            if now == topic:
                return
            topic = now  # moved meanwhile: there they are new, or repeats that a worker drops
        raise KafkaAwayError("the served topic moves on and on")
