"""``ebbwatch clock``: whether time follows the wall clock, and where it stands."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from ebbwatch.deployment import open_deployment
from ebbwatch.settings import Settings
from feature_store import lookup
from feature_store.stream import go_live

app = typer.Typer(no_args_is_help=True, help="The deployment's clock: live from now on, or its status.")


@app.command()
def live() -> None:
    """From now on the workers write clock marks from the wall clock, less EBBWATCH_CLOCK_LAG.

    Do it after any import of history: what is older than the allowed lateness then is dead-lettered.
    """
    here = open_deployment(Settings())
    go_live(here.store, here.stream)
    typer.echo("the clock is live: workers write marks from the wall clock")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Where the clock of each partition stands."""
    here = open_deployment(Settings())
    clocks = {p: position.clock for p, position in lookup.positions(here.store, here.stream).items()}
    if as_json:
        typer.echo(msgspec.json.encode({"live": here.stream.live, "clocks": clocks}))
        return
    typer.echo(
        "live: workers write marks" if here.stream.live else "not live: only replay and simulate write marks"
    )
    for partition, clock in clocks.items():
        when = datetime.fromtimestamp(clock / 1000, UTC).isoformat() if clock else "no mark yet"
        typer.echo(f"  partition {partition:>3}  {when}")
