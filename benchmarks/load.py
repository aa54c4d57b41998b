"""Simulated events for a benchmark, straight into its topic."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from rich.progress import Progress

from benchmarks.deployment import PARTITIONS, TOPIC, Deployment
from producers.publish import Publisher
from producers.replay.marks import MarkSchedule, last_mark
from producers.simulator.simulation import Simulation

MARK_EVERY_MS: Final = 3_600_000
_SEED: Final = 7
_REPORT_EVERY: Final = 10_000


class Feed:
    """The events of one simulation, handed out in turn."""

    def __init__(self, events: int, days: int, users: int | None = None) -> None:
        """
        Args:
            events: how many there are in all.
            days: of event time that they stretch over.
            users: whose activity is scaled to bring so many; None for as many as bring them by themselves.

        Raises:
            SizeError: no activity of so many users brings so many events.
        """
        self._chunks = Simulation(users, days, _SEED, events=events).chunks()
        self._events = self._each()
        self.last_ms = 0
        """Time of the latest event handed out."""

    def _each(self) -> Iterator[tuple[bytes, bytes, int]]:
        for chunk in self._chunks:
            yield from zip(chunk.keys, chunk.values, chunk.times.tolist(), strict=True)

    def take(self, count: int) -> list[tuple[bytes, bytes, int]]:
        """Key, value and event time (ms) of the next events; fewer at the end."""
        taken = list(islice(self._events, count))
        self.last_ms = taken[-1][2] if taken else self.last_ms
        return taken

    def send(self, here: Deployment, count: int, progress: Progress, topic: str = TOPIC) -> int:
        """Send the next events at full speed, a mark for each hour of event time in between and one behind.

        Returns:
            How many there were.

        Raises:
            PublishError: Kafka did not take them.
        """
        task = progress.add_task("sending", total=count)
        schedule = MarkSchedule(MARK_EVERY_MS)
        with Publisher(here.at.kafka, topic, PARTITIONS) as publisher:
            while publisher.sent < count and (some := self.take(min(_REPORT_EVERY, count - publisher.sent))):
                for key, value, moment in some:
                    for mark in schedule.before(moment):
                        publisher.mark(mark)
                    publisher.send(key, value)
                progress.update(task, completed=publisher.sent)
            publisher.mark(last_mark(self.last_ms))
        progress.remove_task(task)
        return publisher.sent
