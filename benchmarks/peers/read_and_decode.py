"""The physical limit: records are read in batches and decoded, and nothing is done with them."""

from confluent_kafka import Consumer

from benchmarks.peers.contest import Stopwatch, terms
from benchmarks.peers.features import decode_event


def main() -> None:
    """Read until all events are decoded."""
    given = terms()
    consumer = Consumer(
        {
            "bootstrap.servers": given.kafka,
            "group.id": given.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "queued.min.messages": 100_000,
            "fetch.max.bytes": 16_777_216,
        }
    )
    consumer.subscribe([given.topic])
    watch = Stopwatch(given.events)
    finished = False
    while not finished:
        batch = consumer.consume(5000, timeout=0.2)
        if not batch:
            continue
        watch.start()
        events = [decode_event(record.value()) for record in batch if record.key() is not None]
        finished = watch.wrote(len(events))
    consumer.close()


if __name__ == "__main__":
    main()
