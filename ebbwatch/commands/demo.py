"""``ebbwatch demo``: real services, simulated users, and a live view of who drifts away."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from batch_jobs.reports.report import collected
from batch_jobs.results.errors import ResultsError
from batch_jobs.running.perform import AsOfError, Wanted, perform
from batch_jobs.running.source import SourceError
from batch_jobs.running.workshop import workshop
from control.log import Log
from ebbwatch.batch import batch_config
from ebbwatch.batch_progress import bars
from ebbwatch.batch_summary import summary, write_report
from ebbwatch.commands.run import stop_event
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.entering import Entering
from ebbwatch.fleet import Fleet, brisk
from ebbwatch.live import Rate, screen
from ebbwatch.picture import save_picture
from ebbwatch.progress import StreamProgress, behind, stream_progress
from ebbwatch.scores import take
from ebbwatch.serving import basis, models
from ebbwatch.settings import Settings
from feature_store import lookup
from feature_store.served import RANK_SCALE
from local_stack import stack
from profiles.serving import Serving
from profiles.views import top

_LOOK_S = 0.5
_PRINT_EVERY_S = 5.0  # without a terminal, a picture now and then
_SHOWN = 10


def demo(
    users: Annotated[int, typer.Option(min=10, help="Simulated users.")] = 2000,
    days: Annotated[int, typer.Option(min=7, help="Simulated days.")] = 120,
    seed: Annotated[int, typer.Option(help="The same seed gives the same users.")] = 1,
    rate: Annotated[
        float, typer.Option(min=1, help="Events a second; slow enough to watch, fast enough to end.")
    ] = 8000.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave Kafka and Redis running.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Write the last screen to this file, as SVG.")] = None,
) -> None:
    """Start Kafka and Redis, simulate users, watch the stream, and end when all is processed."""
    settings = Settings()
    console = Console()
    stack.up(settings.home, progress=lambda line: console.print(f"[dim]{line}[/]"))
    try:
        here = open_deployment(settings)
        if lookup.positions(here.store, here.stream):
            console.print(
                "This stack has events already: showing them (`ebbwatch stack down --wipe` starts over)."
            )
            simulation = None
        else:
            simulation = _simulate(users, days, seed, rate, settings.home / "logs")
        last = _watch(here, settings, simulation, console)
        if settings.archiver:
            _batch(here, settings, console)
        if picture is not None:
            save_picture(last, picture, "ebbwatch demo")
        _farewell(console, keep)
    finally:
        if not keep:
            stack.down(settings.home, progress=lambda _line: None)


def _simulate(users: int, days: int, seed: int, rate: float, logs: Path) -> "subprocess.Popen[bytes]":
    logs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ebbwatch", "simulate"]
    options = {"--users": users, "--days": days, "--seed": seed, "--rate": int(rate)}
    with (logs / "simulate.log").open("wb") as log:
        return subprocess.Popen(
            [*command, *(str(word) for pair in options.items() for word in pair)], stdout=log, stderr=log
        )


def _watch(
    here: Deployment, settings: Settings, simulation: "subprocess.Popen[bytes] | None", console: Console
) -> RenderableType:
    """Show the stream until all is processed or somebody stops it; the last screen."""
    stopping = stop_event()
    rate = Rate()
    printed = time.monotonic()
    with (
        Log(here.at.kafka, here.stream.topic) as log,
        models(here) as following,
        Live(console=console, refresh_per_second=4, transient=False) as live,
    ):
        with Fleet(
            brisk(settings),
            settings.workers,
            settings.home / "logs",
            trainer=settings.trainer,
            archiver=settings.archiver,
        ) as fleet:
            while not stopping.is_set():
                producing = simulation is not None and simulation.poll() is None
                reached = stream_progress(here, log)
                picture = _picture(
                    here, reached, rate.update(time.monotonic(), reached.read), following.look()
                )
                live.update(picture)
                if not console.is_terminal and time.monotonic() - printed > _PRINT_EVERY_S:
                    console.print(picture)
                    printed = time.monotonic()
                if failure := fleet.failure():
                    sys.exit(f"ebbwatch: a process gave up: {failure}")
                if not producing and not behind(here, reached):
                    break
                stopping.wait(_LOOK_S)
        # the trainer's last word comes when it ends
        picture = _picture(here, stream_progress(here, log), 0.0, following.look())
        live.update(picture)
    if simulation is not None and simulation.poll() is None:
        simulation.terminate()
        simulation.wait()
    return picture


def _picture(here: Deployment, reached: StreamProgress, rate: float, serving: Serving) -> RenderableType:
    begin = serving.risk.thresholds or here.thresholds
    tiers = (int(begin.medium * RANK_SCALE), int(begin.high * RANK_SCALE))
    return screen(
        reached,
        rate,
        lookup.totals(here.store, here.stream),
        lookup.tier_counts(here.store, here.stream, *tiers),
        top(here.store, here.stream, basis(here, serving.risk), _SHOWN),
        serving,
    )


def _batch(here: Deployment, settings: Settings, console: Console) -> None:
    """Run the batch jobs once, and say in short what they have found."""
    config = batch_config(settings, here.stream.topic)
    shop = workshop(config, partial(take, settings, Path(config.folder)))
    try:
        with bars() as told:
            report = perform(shop, Wanted(), told)
        Entering(settings)(shop.results)
        for outcome in report.outcomes:
            if not outcome.good:
                console.print(f"[yellow]{outcome.job}: {outcome.fault}[/]")
        console.print(f"\n[bold]Batch jobs[/], as of {report.as_of}", summary(shop.results), sep="\n")
        made = collected(shop.results)
        if made is not None:
            page, printed = write_report(made, settings.home / "reports")
            console.print(f"The weekly report: {page} and {printed.name}", soft_wrap=True)
    except (AsOfError, SourceError, ResultsError) as fault:
        console.print(f"[yellow]no batch results: {fault}[/]")


def _farewell(console: Console, keep: bool) -> None:
    if keep:
        console.print(
            "Kafka and Redis are still running. Next:\n"
            "  ebbwatch users top            who is drifting away\n"
            "  ebbwatch users show USER      all that is known of one\n"
            "  ebbwatch model show           which model serves, and how good it is\n"
            "  ebbwatch model compare        its rivals beside it\n"
            "  ebbwatch batch status         what the batch jobs have found, and as of when\n"
            "  ebbwatch verify               every user again from the log, byte by byte\n"
            "  ebbwatch stack down --wipe    stop and start over"
        )
    else:
        console.print(
            "Kafka and Redis are stopped; `ebbwatch stack up` brings them back with all that is in them."
        )
    console.print(
        "Boards for Grafana and alert rules: docs/dashboards.md; in containers, with everything else:\n"
        "  docker compose --profile full up -d --wait"
    )
