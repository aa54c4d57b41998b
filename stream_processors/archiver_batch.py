"""Records that wait to be archived."""

from typing import Final

from archive.log import Part
from archive.rows import Rows
from domain.records import side_by_side
from domain.settings import FactSettings
from stream_processors.archiver_topic import Taken

MOST_BYTES: Final = 64 << 20
"""A batch of long records is written before it has its number."""


class Batch:
    """Consecutive records of each partition."""

    def __init__(self, partitions: int, facts: FactSettings) -> None:
        self._rows = {p: Rows(p, partitions, facts) for p in range(partitions)}
        self._waiting: dict[int, tuple[int, list[Taken]]] = {}
        self.records = 0
        self.bytes = 0
        self.since = 0.0
        """When the first of them came, seconds of whatever clock `add` is given."""

    def add(self, partition: int, first: int, taken: list[Taken], now: float) -> None:
        """More of a partition; they follow what is there.

        Args:
            first: offset of the first of them.
        """
        if not self.records:
            self.since = now
        self._waiting.setdefault(partition, (first, []))[1].extend(taken)
        self.records += len(taken)
        self.bytes += sum(len(t.key or b"") + len(t.value or b"") for t in taken)

    def due(self, now: float, records: int, seconds: float) -> bool:
        """Whether it is to be written."""
        return (
            self.records >= records
            or self.bytes >= MOST_BYTES
            or (self.records > 0 and now - self.since >= seconds)
        )

    def waiting(self) -> dict[int, int]:
        """Records by partition."""
        return {partition: len(taken) for partition, (_, taken) in self._waiting.items()}

    def parts(self) -> dict[int, Part]:
        """All that waits, as rows; it waits no more."""
        found = {
            partition: Part(
                first, first + len(taken), self._rows[partition].table(first, side_by_side(taken))
            )
            for partition, (first, taken) in self._waiting.items()
        }
        self._waiting = {}
        self.records = self.bytes = 0
        return found
