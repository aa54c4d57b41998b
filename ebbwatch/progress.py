"""How far the stream is: what the log holds, and what the store has read of it."""

from typing import NamedTuple

from ebbwatch.deployment import Deployment
from feature_store import lookup
from stream_processors.log import Log


class StreamProgress(NamedTuple):
    """Records over all partitions."""

    total: int
    read: int
    clock: int
    """Earliest of the partitions' clocks, ms; 0 before all have one."""

    @property
    def lag(self) -> int:
        """Records not yet read."""
        return self.total - self.read


def stream_progress(here: Deployment, log: Log) -> StreamProgress:
    """Progress now."""
    ends = log.ends(here.stream.partitions)
    positions = lookup.positions(here.store, here.stream)
    read = sum(position.offset for position in positions.values())
    complete = len(positions) == here.stream.partitions
    clock = min((p.clock for p in positions.values()), default=0) if complete else 0
    return StreamProgress(sum(ends.values()), read, clock)
