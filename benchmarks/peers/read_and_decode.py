"""The physical limit: records are read in batches and decoded, and nothing is done with them."""

from confluent_kafka import Consumer

from benchmarks.peers.contest import FETCH_BACKOFF_MS, Stopwatch, terms
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
            "fetch.queue.backoff.ms": FETCH_BACKOFF_MS,
        }
    )
    consumer.subscribe([given.topic])
    watch = Stopwatch(given.events)
    finished = False
    while not finished:
        batch = consumer.consume(2000, timeout=0.05)
        if not batch:
            continue
        watch.start()
        events = [decode_event(record.value()) for record in batch if record.key() is not None]
        finished = watch.wrote(len(events))
    consumer.close()


if __name__ == "__main__":
    main()
