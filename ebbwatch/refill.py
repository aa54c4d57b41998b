"""Fill a new generation of the store from a log, beside the one that is served, then serve it."""

import threading
from collections.abc import Callable

import msgspec
from redis import Redis

from control.log import Log, LogError
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.fleet import Fleet
from ebbwatch.progress import stream_progress
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
) -> None:
    """Fill `following` with `workers` workers and move the pointer when it has caught up.

    What was half filled by an earlier, broken-off attempt is thrown away first. The former generation is
    deleted after the switch; its workers see the pointer and start anew.

    Args:
        progress: told the records read and the records there are.

    Raises:
        RefillError: a worker gave up; says why.
        LogError: the log's beginning is gone.
    """
    former = load_next(store)
    if former is not None:
        drop(store, former)
    drop(store, following)
    _whole(settings, following)
    begin_next(store, following)
    here = open_deployment(settings, following.generation)
    _keep_quiet(here, served)
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


def _whole(settings: Settings, stream: Stream) -> None:
    here = open_deployment(settings)
    with Log(here.at.kafka, stream.topic) as log:
        for partition in range(stream.partitions):
            earliest = log.bounds(partition).earliest
            if earliest > 0:
                raise LogError(
                    f"partition {partition} of {stream.topic} begins at offset {earliest}: Kafka has let go of "
                    "its beginning, so the users cannot be computed from it"
                )
