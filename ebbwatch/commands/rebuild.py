"""``ebbwatch rebuild``: compute the store anew from the log."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from archive.address import address_of
from ebbwatch.deployment import open_deployment
from ebbwatch.processes import archived_log
from ebbwatch.refill import next_stream, refill
from ebbwatch.settings import Settings

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def rebuild(
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Workers that fill it.")] = None,
    from_archive: Annotated[
        bool, typer.Option("--from-archive", help="Read the archive where Kafka has let go of the beginning.")
    ] = False,
) -> None:
    """Compute all users anew from the log, beside the store that is served, then serve the new one.

    The way out whenever a worker refuses: other settings, another record layout, an old copy of Redis's data.
    """
    settings = Settings()
    here = open_deployment(settings)
    following = next_stream(here.stream, here.stream.topic, here.stream.partitions)
    with Progress(*_COLUMNS, console=Console(stderr=True)) as bar:
        task = bar.add_task("rebuilding, records", total=None)
        refill(
            here.store,
            settings,
            here.stream,
            following,
            workers or settings.workers,
            lambda read, total: bar.update(task, completed=read, total=total),
            address_of(archived_log(settings, following.topic)) if from_archive else None,
        )
    typer.echo(f"rebuilt: generation {following.generation} is served now")
