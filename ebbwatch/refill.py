"""Fill a new generation of the store from a log, beside the one that is served, then serve it."""

import threading
from collections import Counter
from collections.abc import Callable

import msgspec
from redis import Redis

from archive.address import Address
from archive.log import open_log
from control.log import Log, LogError
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.fleet import Fleet
from ebbwatch.progress import stream_progress
from ebbwatch.refeed import refeed
from ebbwatch.settings import Settings
from feature_store import lookup
from feature_store.position import begin
from feature_store.stream import Stream, begin_next, drop, load_next, serve

_LOOK_S = 0.3


class RefillError(RuntimeError):
    """The new generation could not be filled; the former one is served as before."""


def next_stream(served: Stream, topic: str, partitions: int) -> Stream:
    """The generation after the served one."""
    return msgspec.structs.replace(
        served, topic=topic, partitions=partitions, generation=served.generation + 1
    )


def refill(
    store: Redis,
    settings: Settings,
    served: Stream,
    following: Stream,
    workers: int,
    progress: Callable[[int, int], None],
    archive: Address | None = None,
) -> None:
    """Fill `following` with `workers` workers and move the pointer when it has caught up.

    What was half filled by an earlier, broken-off attempt is thrown away first. The former generation is
    deleted after the switch; its workers see the pointer and start anew.

    Args:
        progress: told the records read and the records there are.
        archive: of the log, which takes its place where Kafka has let go of the beginning.

    Raises:
        RefillError: a worker gave up, or the archive does not reach to where the log begins; says why.
        LogError: the log's beginning is gone.
        ArchiveError: the archive cannot be read.
    """
    former = load_next(store)
    if former is not None:
        drop(store, former)
    drop(store, following)
    stops = _archived(settings, following, archive)
    begin_next(store, following)
    here = open_deployment(settings, following.generation)
    _keep_quiet(here, served)
    if archive is not None and stops:
        total, read = sum(stops.values()), Counter[str]()

        def fed(records: int) -> None:
            read["records"] += records
            progress(read["records"], total)

        refeed(here, archive, stops, fed)
    logs = settings.home / "logs" / f"generation-{following.generation}"
    tick = threading.Event()
    with (
        Fleet(settings, workers, logs, following.generation) as fleet,
        Log(here.at.kafka, following.topic) as log,
    ):
        while (reached := stream_progress(here, log)).lag:
            progress(reached.read, reached.total)
            if failure := fleet.failure():
                raise RefillError(f"a worker gave up: {failure}; the former generation is served as before")
            tick.wait(_LOOK_S)
        progress(reached.read, reached.total)
    serve(store, load_next(store) or following)  # the clock may have gone live meanwhile
    drop(store, served)


def _keep_quiet(here: Deployment, served: Stream) -> None:
    """What the served generation has sent to the topics of snapshots and outcomes is not sent again."""
    facts = here.settings.facts()
    for partition, position in lookup.positions(here.store, served).items():
        first = begin(here.topic_id, facts, quiet=position.upto)
        if (position.topic_id, position.settings, position.state) == (
            here.topic_id,
            first.settings,
            first.state,
        ):
            here.store.set(here.stream.keys(partition).position, first.encode())


def _archived(settings: Settings, stream: Stream, archive: Address | None) -> dict[int, int]:
    """Up to which offset each partition is to be read from the archive; none that Kafka has whole."""
    here = open_deployment(settings)
    stops: dict[int, int] = {}
    with Log(here.at.kafka, stream.topic) as log:
        begins = {partition: log.bounds(partition).earliest for partition in range(stream.partitions)}
    cut = {partition: earliest for partition, earliest in begins.items() if earliest > 0}
    if not cut:
        return {}
    partition, earliest = next(iter(cut.items()))
    gone = f"partition {partition} of {stream.topic} begins at offset {earliest}: Kafka has let go of its beginning"
    if archive is None:
        raise LogError(
            f"{gone}, so the users cannot be computed from it; `ebbwatch rebuild --from-archive` reads the archive"
        )
    opened = open_log(archive, here.topic_id)
    for partition, earliest in cut.items():
        stops[partition] = reached = opened.position(partition) or 0
        if reached < earliest:
            raise RefillError(
                f"partition {partition} of {stream.topic} begins at offset {earliest}, but its archive at "
                f"{archive.url} ends at {reached}: records between are gone, the users cannot be computed"
            )
    return stops
