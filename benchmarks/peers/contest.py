"""What a contestant is told, and how it reports."""

import argparse
import json
import sys
import time

import msgspec

FETCH_BACKOFF_MS = 1
"""librdkafka's default of a second lets a fast reader run dry whenever its queue was full for a moment: 145,000
instead of over 500,000 records a second, read and decoded."""


class Terms(msgspec.Struct, frozen=True):
    """Where to read and write, and after how many events to stop."""

    kafka: str
    redis: str
    topic: str
    group: str
    events: int


def terms(arguments: list[str] | None = None) -> Terms:
    """The command line of every contestant."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kafka", required=True, help="bootstrap servers")
    parser.add_argument("--redis", required=True, help="URL")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--group", required=True, help="consumer group, a fresh one")
    parser.add_argument("--events", type=int, required=True, help="end once so many events are written")
    return Terms(**vars(parser.parse_args(arguments)))


class Stopwatch:
    """Runs from the first record to the last answered write; start-up of the process does not count."""

    def __init__(self, events: int) -> None:
        self.expected = events
        self.written = 0
        self._first = 0.0
        self._cpu = 0.0

    def start(self) -> None:
        """Call before each record or batch; only the first call counts."""
        if not self._first:
            self._first, self._cpu = time.time(), time.process_time()

    def wrote(self, events: int) -> bool:
        """Call when so many more events are in Redis; true, after reporting, when all are."""
        self.written += events
        if self.written < self.expected:
            return False
        last, cpu = time.time(), time.process_time()
        report = {
            "events": self.written,
            "seconds": last - self._first,
            "cpu_seconds": cpu - self._cpu,
            "first": self._first,
            "last": last,
        }
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
        return True
