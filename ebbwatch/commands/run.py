"""``ebbwatch run`` and ``ebbwatch wait``: process what is in Kafka, here, and know when it is done."""

import signal
import sys
import threading
import time
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from control.log import Log
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.fleet import Fleet, brisk
from ebbwatch.progress import StreamProgress, behind, stream_progress
from ebbwatch.settings import Settings
from feature_store import lookup
from local_stack.ports import is_free

_LOOK_S = 0.5

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]


def run(
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when everything in Kafka is processed.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Workers; EBBWATCH_WORKERS if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Process events here until Ctrl-C, or until there are no more."""
    settings = Settings()
    here = open_deployment(settings)
    stopping = stop_event()
    logs = settings.home / "logs"
    api = settings.api and not until_idle
    if api:
        _announce(settings)
    with Fleet(
        brisk(settings) if until_idle else settings,
        workers or settings.workers,
        logs,
        trainer=settings.trainer,
        archiver=settings.archiver,
        api=api,
        batch=settings.batch and not until_idle,
        advisor=settings.advisor and api,
        console=settings.console and api,
    ) as fleet:
        reached = _follow(here, fleet, stopping, until_idle)
    if failure := fleet.failure():
        sys.exit(f"ebbwatch: a process gave up: {failure}")
    _report(here, reached, as_json)
    if until_idle and behind(here, reached):
        raise typer.Exit(1)


def wait(
    timeout: Annotated[float, typer.Option(min=0, help="Give up after so many seconds.")] = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Return once the stream is fully processed: nothing in Kafka that store, trainer or archive have not read.

    Exit code 1 on a time-out. Workers, the trainer and the archiver must be running elsewhere.
    """
    here = open_deployment(Settings())
    give_up = time.monotonic() + timeout
    with Log(here.at.kafka, here.stream.topic) as log:
        while to_do := behind(here, reached := stream_progress(here, log)):
            if time.monotonic() > give_up:
                left = ", ".join(f"{records:,} records by the {who}" for who, records in to_do.items())
                sys.exit(f"ebbwatch: still to be processed: {left}; does that process run?")
            time.sleep(_LOOK_S)
    _report(here, reached, as_json)


def stop_event() -> threading.Event:
    """Set by SIGTERM and Ctrl-C."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _announce(settings: Settings) -> None:
    """Say where API and console will be, or why they cannot be there."""
    _require_free(settings.api_port, "the API", "EBBWATCH_API")
    where = f"API on http://{settings.api_host}:{settings.api_port}"
    if settings.console:
        _require_free(settings.console_port, "the console", "EBBWATCH_CONSOLE")
        where = f"Console on http://{settings.console_host}:{settings.console_port}, {where}"
    typer.echo(
        f"{where}, logs in {settings.home / 'logs'}; `ebbwatch keys create` makes a key for both", err=True
    )


def _require_free(port: int, who: str, setting: str) -> None:
    if not is_free(port):
        sys.exit(
            f"ebbwatch: port {port} is taken, so {who} cannot listen there: set {setting}_PORT to another, or "
            f"{setting}=false to do without it"
        )


def _follow(here: Deployment, fleet: Fleet, stopping: threading.Event, until_idle: bool) -> StreamProgress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Log(here.at.kafka, here.stream.topic) as log,
        Progress(*columns, console=Console(stderr=True)) as bar,
    ):
        reached = stream_progress(here, log)
        task = bar.add_task("records", total=reached.total, completed=reached.read)
        while not stopping.is_set() and fleet.failure() is None:
            if until_idle and not reached.lag:
                to_do = behind(here, reached)
                if not to_do:
                    break
                left = ", ".join(f"the {who} has {records:,} to go" for who, records in to_do.items())
                bar.update(task, description=f"records; {left}")
            stopping.wait(_LOOK_S)
            reached = stream_progress(here, log)
            bar.update(task, total=reached.total, completed=reached.read)
    return reached


def _report(here: Deployment, reached: StreamProgress, as_json: bool) -> None:
    totals = lookup.totals(here.store, here.stream)
    report = {
        "records": reached.read,
        "lag": reached.lag,
        "users": totals.users,
        "at_risk": totals.at_risk,
        "events": dict(sorted(totals.outcomes.items())),
    }
    if as_json:
        typer.echo(msgspec.json.encode(report))
        return
    typer.echo(
        f"{reached.read:,} records processed, {reached.lag:,} to go; "
        f"{totals.users:,} users, {totals.at_risk:,} of them at risk"
    )
    for outcome, count in sorted(totals.outcomes.items()):
        typer.echo(f"  {outcome:<24}{count:>14,}")
