"""The archiver's process: ``python -m stream_processors.archiver``, started by the supervisor.

It reads the topic of events from where the archive stands, and appends batches of it; the archive's own positions
decide, so a crash at any moment repeats nothing and leaves nothing out. Between batches it looks after the archive:
erasures are carried out, small files go into larger ones, what is not needed any more is deleted.
"""

import logging
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaException
from prometheus_client import REGISTRY

from archive import compaction, erasing
from archive.address import AddressError, address_of
from archive.errors import ArchiveAwayError, ArchiveError, FencedError
from archive.log import ArchiveLog, Part, open_or_create
from logs.beginning import begin
from stream_processors.archiver_batch import Batch
from stream_processors.archiver_config import ArchiverConfig, from_environment, group_of
from stream_processors.archiver_metrics import ArchiverMetrics
from stream_processors.archiver_topic import CutLogError, LogTail
from stream_processors.config import EXIT_LOST, EXIT_REFUSED
from stream_processors.health import Health, serve

log = logging.getLogger("ebbwatch.archiver")

T = TypeVar("T")

_WAIT_S: Final = 0.2
_LOOK_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 5.0
_COMPACT_S: Final = 30.0
_VACUUM_S: Final = 3600.0


class StoppedError(Exception):
    """Told to stop while waiting for a service."""


class Archiver:
    """One run of the process."""

    def __init__(self, config: ArchiverConfig) -> None:
        self._config = config
        self._health = Health()
        self._metrics = ArchiverMetrics(REGISTRY, config.archive, config.restarts)
        self._stopping = False
        self._wishes = True  # as long as it has not looked

    def stop(self, *_: Any) -> None:
        """Write what is read and end; safe in a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Until told to stop.

        Raises:
            ArchiveError: the archive cannot be used; FencedError: somebody else writes to it.
            CutLogError: the log does not hold what comes next.
        """
        config = self._config
        server = serve(config.metrics_host, config.metrics_port, REGISTRY, self._health)
        log.info("metrics and health on http://%s:%s", *server.server_address[:2])
        self._health.assigned = list(range(config.partitions))
        try:
            address = address_of(config.archive)
            archive = self._archive(lambda: open_or_create(address, config.topic_id))
            positions = archive.positions(config.partitions)
            group = group_of(config.topic_id)
            with LogTail(
                config.kafka, config.topic, config.partitions, positions, group, self._kafka_away
            ) as tail:
                self._kafka(tail.begin)
                self._kafka(lambda: tail.commit(tail.positions))
                self._follow(archive, tail)
        except StoppedError as waiting:
            log.warning("ended while %s was away; what was read and not archived is read again", waiting)
        finally:
            server.shutdown()

    def _follow(self, archive: ArchiveLog, tail: LogTail) -> None:
        config = self._config
        batch = Batch(config.partitions, config.facts)
        looked = compacted = vacuumed = float("-inf")
        while not self._stopping:
            for partition, taken in tail.take(_WAIT_S).items():
                batch.add(partition, tail.positions[partition] - len(taken), taken, time.monotonic())
            now = time.monotonic()
            if batch.due(now, config.batch_records, config.batch_s):
                self._write(archive, tail, batch)
            if self._wishes:
                self._erase(archive)
            if now - looked > _LOOK_S:
                looked = now
                self._look(tail, batch)
            if now - compacted > _COMPACT_S:
                compacted = now
                self._compact(archive)
            if now - vacuumed > _VACUUM_S:
                vacuumed = now
                self._metrics.vacuumed.inc(self._archive(archive.vacuum))
        if batch.records:
            self._write(archive, tail, batch)

    def _write(self, archive: ArchiveLog, tail: LogTail, batch: Batch) -> None:
        begun = time.perf_counter()
        count = batch.records
        parts = batch.parts()
        self._archive(lambda: _append(archive, parts))
        self._metrics.append.observe(time.perf_counter() - begun)
        self._metrics.records.inc(count)
        self._metrics.committed.set_to_current_time()
        self._metrics.version.set(archive.version)
        self._kafka(lambda: tail.commit({p: part.next for p, part in parts.items()}))
        for part in parts.values():
            self._wishes |= "erasure" in part.rows["kind"].unique().to_pylist()

    def _erase(self, archive: ArchiveLog) -> None:
        emptied = self._archive(lambda: erasing.carry_out(archive))
        self._metrics.emptied.inc(emptied)
        if emptied:
            log.info("%s rows of erased users have been emptied", emptied)
        self._wishes = False

    def _compact(self, archive: ArchiveLog) -> None:
        today = datetime.now(UTC).date()
        self._metrics.compacted.inc(
            self._archive(lambda: compaction.compact(archive, newest_day(archive, today)))
        )

    def _look(self, tail: LogTail, batch: Batch) -> None:
        """Measure the lag."""
        try:
            lags = tail.lags()
        except KafkaException as fault:
            self._kafka_away(str(fault))
            return
        self._health.well("kafka")
        waiting = batch.waiting()
        for partition, lag in lags.items():
            self._metrics.lag.labels(partition).set(lag + waiting.get(partition, 0))

    def _archive(self, call: Callable[[], T]) -> T:
        return self._until(call, "archive", ArchiveAwayError)

    def _kafka(self, call: Callable[[], T]) -> T:
        return self._until(call, "kafka", KafkaException)

    def _until(self, call: Callable[[], T], service: str, away: type[Exception]) -> T:
        """Call until the service does what it is asked for.

        Raises:
            StoppedError: told to stop meanwhile.
        """
        pause = _WAIT_S
        while True:
            try:
                result = call()
            except away as fault:
                self._health.waiting(service, str(fault))
                self._metrics.waits.labels(service).inc()
                log.warning("%s; again in %.1f s", fault, pause)
            else:
                self._health.well(service)
                return result
            give_up = time.monotonic() + pause
            while time.monotonic() < give_up:
                if self._stopping:
                    raise StoppedError(service)
                time.sleep(_WAIT_S / 2)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _kafka_away(self, why: str) -> None:
        self._health.waiting("kafka", why)


def _append(archive: ArchiveLog, parts: dict[int, Part]) -> None:
    """Append once, though nobody knows whether an earlier try has."""
    archive.refresh()
    stands = {p: archive.position(p) for p in parts}
    if stands == {p: part.next for p, part in parts.items()}:
        archive.settle()
        return
    archive.append(parts)


def newest_day(archive: ArchiveLog, today: date) -> date:
    """The latest day of the archive; an event may be ahead of the clock, but not of today."""
    return max((file.day for file in archive.content() if file.day <= today), default=date.min)


def main() -> int:
    """Run until told to stop; returns the exit code."""
    archiver = Archiver(from_environment())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, archiver.stop)
    try:
        archiver.run()
    except FencedError as fault:
        log.warning("lost: %s", fault)
        return EXIT_LOST
    except (ArchiveError, AddressError, CutLogError) as fault:
        log.error("refused: %s", fault)  # noqa: TRY400 - the message says it all
        return EXIT_REFUSED
    return 0


if __name__ == "__main__":
    begin("archiver")
    sys.exit(main())
