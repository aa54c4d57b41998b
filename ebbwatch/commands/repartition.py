"""``ebbwatch repartition``: the same events in a topic of other partitions."""

from contextlib import ExitStack
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from control.log import Log
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.refill import RefillError, next_stream, refill
from ebbwatch.repartition import copy
from ebbwatch.settings import Settings
from producers.publish import Publisher
from producers.topics import delete_topic, ensure_topics

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def repartition(
    partitions: Annotated[int, typer.Argument(min=1, max=1024, help="Partitions of the new topic.")],
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Workers that fill the store.")] = None,
) -> None:
    """Copy the log to a new topic, compute all users from it beside the served store, then switch.

    Stop the producers first: it refuses if the log grows while it is copied. What still comes until the switch is
    copied behind it. The former topic stays until you delete it.
    """
    settings = Settings()
    here = open_deployment(settings)
    following = next_stream(
        here.stream, f"{settings.topic}-{here.stream.generation + 1}-of-{partitions}", partitions
    )
    with Progress(*_COLUMNS, console=Console(stderr=True)) as bar:
        ends = _copy_log(here, following.topic, partitions, bar)
        task = bar.add_task("rebuilding, records", total=None)
        refill(
            here.store,
            settings,
            here.stream,
            following,
            workers or settings.workers,
            lambda read, total: bar.update(task, completed=read, total=total),
        )
    _copy_rest(here, ends, following.topic, partitions)
    typer.echo(
        f"switched to topic {following.topic} with {partitions} partitions; "
        f"point producers to it, then delete {here.stream.topic}"
    )


def _copy_log(here: Deployment, topic: str, partitions: int, bar: Progress) -> dict[int, int]:
    """Gives the offsets up to which each partition is copied."""
    settings, old = here.settings, here.stream
    delete_topic(here.at.kafka, topic)  # what an attempt that was broken off has left
    ensure_topics(here.at.kafka, topic, partitions, settings.dead_letter_topic, settings.control_topic)
    with ExitStack() as stack, Publisher(here.at.kafka, topic, partitions) as publisher:
        logs = {p: stack.enter_context(Log(here.at.kafka, old.topic)) for p in range(old.partitions)}
        ends = {p: log.bounds(p).end for p, log in logs.items()}
        records = {p: log.read(p, 0, ends[p]) for p, log in logs.items()}
        task = bar.add_task("copying, records", total=sum(ends.values()))
        for copied in copy(records, publisher.send_as_is, publisher.mark):
            bar.update(task, completed=copied)
        publisher.flush()
        if any(log.bounds(p).end != ends[p] for p, log in logs.items()):
            raise RefillError(
                f"{old.topic} has grown meanwhile: stop the producers (and `ebbwatch clock live` workers), "
                "then run it again"
            )
    return ends


def _copy_rest(here: Deployment, ends: dict[int, int], topic: str, partitions: int) -> None:
    """Events that came into the former log before the switch was seen: the API has promised them.

    Whoever has seen it since sends to the new topic, also once more what was under way; a worker drops repeats.
    """
    with (
        Log(here.at.kafka, here.stream.topic) as log,
        Publisher(here.at.kafka, topic, partitions) as publisher,
    ):
        for partition, end in ends.items():
            for record in log.read(partition, end, log.bounds(partition).end):
                if record.key is not None:  # marks are written in the new topic by now
                    publisher.send_as_is(record.key, record.value)
