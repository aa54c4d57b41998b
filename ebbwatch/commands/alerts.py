"""``ebbwatch alerts``: the brake on alerts, for operators."""

import time
from typing import Annotated

import msgspec
import typer

from domain.brake import Command, words
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.settings import Settings
from feature_store.alerts import BrakeCommand, command_brake, load_brake

app = typer.Typer(no_args_is_help=True, help="The brake on alerts.")


@app.command()
def hold() -> None:
    """Record alerts, but send none on, until `alerts open`."""
    _give("hold")
    typer.echo("alerts are held; `ebbwatch alerts open` sends them again")


@app.command("open")
def open_() -> None:
    """Send alerts again, and for a day whatever the brake's own rules say."""
    _give("open")
    typer.echo("alerts are sent again")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Whether alerts are held, by partition, and why."""
    here = open_deployment(Settings())
    held = _held(here)
    if as_json:
        typer.echo(msgspec.json.encode({"held": held}).decode())
        return
    for partition, why in held.items():
        typer.echo(f"partition {partition}: {why}")
    if not held:
        typer.echo("no partition holds alerts")


def _give(command: Command) -> None:
    here = open_deployment(Settings())
    command_brake(here.store, BrakeCommand(command, int(time.time() * 1000)))


def _held(here: Deployment) -> dict[str, str]:
    brakes = {p: load_brake(here.store, here.stream.keys(p)) for p in range(here.stream.partitions)}
    return {str(partition): words(brake) for partition, brake in brakes.items() if brake.on}
