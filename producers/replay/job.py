"""One replay from end to end: topics, file, spool, Kafka, report."""

import time
from collections.abc import Callable, Container
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from producers.publish import Publisher
from producers.replay.layout import Layout
from producers.replay.prepare import RejectFile, Survey, prepare
from producers.replay.send import Pace, send
from producers.replay.sessions import OPENING, GapSessions
from producers.replay.source import Source
from producers.replay.spool import Spool
from producers.topics import ensure_topics

_MOST_MARKS: Final = 1_000_000


class ReplayError(RuntimeError):
    """The file was read, but is not worth sending as it is."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay and how. Times are in milliseconds."""

    path: Path
    layout: Layout
    reject_file: Path
    delimiter: str = ","
    mark_every_ms: int = 3_600_000
    tail_ms: int = 0
    session_gap_ms: int | None = None
    """Give session ids by this gap; None leaves sessions to the file, or to the stream."""
    session_types: Container[str] = OPENING
    """Types that open a session."""
    rate: float | None = None
    """Events a second; None for as fast as can be."""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go; topics that do not exist are created."""

    bootstrap: str
    topic: str
    partitions: int
    dead_letter_topic: str
    control_topic: str = "control"


class Report(msgspec.Struct, kw_only=True):
    """What a replay did: ``rows == sent + sum(rejected)``, and ``sent + derived`` events are in the topic."""

    file: str
    format: str
    rows: int
    sent: int
    """Rows sent as events; of a dry run, that would be."""
    derived: int
    rejected: dict[str, int]
    reject_file: str
    out_of_order: int
    first_event: str | None
    last_event: str | None
    marks: int
    topic: str | None
    """None for a dry run."""
    seconds: float


class Watch:
    """Told how far a replay is; this one does not listen."""

    def reading(self, fraction: float) -> None:
        """So much of the file has been read, 0 to 1."""

    def sending(self, more: int, total: int) -> None:
        """`more` events were sent, of `total`."""


def replay(
    job: Job, destination: Destination | None, watch: Watch, clock: Callable[[], float] = time.monotonic
) -> Report:
    """Read the file, then send it; nothing is sent before the whole file has been read.

    Args:
        destination: None for a dry run, which needs no Kafka.

    Raises:
        SourceError: the file cannot be read.
        ReplayError: no row can be used, or the marks would outnumber any use.
        TopicError, PublishError: Kafka.
        OSError: the disk is full, or the reject file cannot be written.
    """
    started = clock()
    with Source(job.path, job.delimiter) as source, Spool() as spool:
        if destination is not None:
            ensure_topics(
                destination.bootstrap,
                destination.topic,
                destination.partitions,
                destination.dead_letter_topic,
                destination.control_topic,
            )
        with RejectFile(job.reject_file) as rejects:
            survey = prepare(source, job.layout, spool, rejects, watch.reading)
        _check(job, survey, spool)
        marks = 0 if destination is None else _send(job, destination, spool, watch)
        return Report(
            file=str(job.path),
            format=source.format,
            rows=survey.rows,
            sent=survey.usable,
            derived=survey.derived,
            rejected=dict(sorted(survey.rejected.items())),
            reject_file=str(job.reject_file),
            out_of_order=survey.out_of_order,
            first_event=_iso(survey.first),
            last_event=_iso(survey.last),
            marks=marks,
            topic=None if destination is None else destination.topic,
            seconds=round(clock() - started, 3),
        )


def _send(job: Job, to: Destination, spool: Spool, watch: Watch) -> int:
    gap = job.session_gap_ms
    total = len(spool)
    with Publisher(to.bootstrap, to.topic, to.partitions) as publisher:
        return send(
            spool.in_time_order(),
            publisher,
            mark_every_ms=job.mark_every_ms,
            tail_ms=job.tail_ms,
            sessions=None if gap is None else GapSessions(gap, job.session_types),
            pace=None if job.rate is None else Pace(job.rate),
            progress=lambda more: watch.sending(more, total),
        )


def _check(job: Job, survey: Survey, spool: Spool) -> None:
    if survey.usable == 0:
        why = ", ".join(f"{reason} {count:,}" for reason, count in survey.rejected.most_common())
        raise ReplayError(
            f"no row of {job.path} can be used ({survey.rows:,} rows; {why or 'it has none'}): "
            f"see {job.reject_file}, and check the column mapping"
        )
    span = spool.span()
    if span // job.mark_every_ms > _MOST_MARKS:
        raise ReplayError(
            f"{job.path} spans {span / 86_400_000:,.0f} days, more than {_MOST_MARKS:,} clock marks: "
            "choose a larger --mark-every"
        )


def _iso(time_ms: int | None) -> str | None:
    return None if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
