"""``ebbwatch users``: who is drifting away, and what is known of one user."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from archive.address import address_of
from archive.erasing import rows_of_user
from archive.errors import MissingArchiveError
from archive.log import open_log
from domain.catalogue import CATALOGUE
from ebbwatch.commands.erase import AsStored, archive_of, known_inside
from ebbwatch.deployment import open_deployment
from ebbwatch.processes import archived_log
from ebbwatch.serving import basis, served
from ebbwatch.settings import Settings
from feature_store import lookup
from profiles.known import Sources, known
from profiles.views import UserView, judged, named_features, top, view

app = typer.Typer(no_args_is_help=True, help="Users: those most at risk, and all that is known of one.")

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]

_COLOURS = {"high": "red", "medium": "yellow", "low": "green", "gone": "dim"}


@app.command("top")
def top_users(
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10_000, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The users most at risk of being lost within the horizon, with reasons."""
    here = open_deployment(Settings())
    found = top(here.store, here.stream, basis(here, served(here)), count)
    if as_json:
        typer.echo(msgspec.json.encode(found))
    elif found:
        Console().print(risk_table(found))
    else:
        typer.echo("no users at risk yet: are events arriving? (`ebbwatch run` applies what is in Kafka)")


@app.command()
def show(user: str, as_json: AsJson = False) -> None:
    """Risk, tier, reasons and features of one user."""
    here = open_deployment(Settings())
    facts = lookup.user(here.store, here.stream, user)
    if facts is None:
        typer.echo(f"no event of user {user!r} was applied", err=True)
        raise typer.Exit(1)
    by = basis(here, served(here))
    seen = view(judged(facts, by), 0, by, lookup.names(here.store, here.stream, facts.partition))
    values = named_features(here.store, here.stream, facts)
    if as_json:
        typer.echo(msgspec.json.encode(msgspec.to_builtins(seen) | {"features": values}))
        return
    console = Console()
    console.print(_headline(seen))
    for reason in seen.reasons:
        console.print(f"  · {reason}")
    table = Table("feature", "value", "unit", "window", box=None, header_style="bold")
    for feature in CATALOGUE:
        value = values[feature.name]
        shown = "–" if value is None else f"{value:,.2f}" if isinstance(value, float) else str(value)
        table.add_row(feature.name, shown, feature.unit, feature.window)
    console.print(table)


@app.command()
def export(
    user: str,
    as_stored: AsStored = False,
    archive: Annotated[
        bool,
        typer.Option(
            "--archive", help="Also the user's records in the archive: all of it is looked through."
        ),
    ] = False,
) -> None:
    """All that is known of one user, as one JSON document on standard output."""
    here = open_deployment(Settings())
    settings = here.settings
    sources = Sources(here.at.kafka, settings.control_topic, settings.alert_topic, archive_of(settings))
    known_as = known_inside(here, user, as_stored)
    found = known(here.store, here.stream, known_as, sources)
    rows = archived_rows(archived_log(settings, here.stream.topic), known_as) if archive else []
    if found.nothing and not rows:
        typer.echo("nothing is known of this user", err=True)
        raise typer.Exit(1)
    document = msgspec.to_builtins(found) | ({"archive": rows} if archive else {})
    typer.echo(msgspec.json.encode(document))


def archived_rows(address: str, user: str) -> list[dict[str, object]]:
    """A user's records in the archive as they were sent; none where there is no archive.

    Raises:
        ArchiveError: it cannot be read.
    """
    try:
        rows = rows_of_user(open_log(address_of(address)), user)
    except MissingArchiveError:
        return []
    kept = ("partition", "offset", "appended", "kind", "reason")
    return [
        {name: row[name] for name in kept} | {"value": bytes(row["value"] or b"").decode("utf-8", "replace")}
        for row in rows
    ]


def risk_table(users: list[UserView]) -> Table:
    """The users most at risk, for people."""
    table = Table("user", "risk", "tier", "silent for", "sessions", "why", box=None, header_style="bold")
    for u in users:
        silent = "" if u.silence_days is None else f"{u.silence_days:.1f} d"
        colour = _COLOURS[u.tier]
        table.add_row(
            u.user,
            "" if u.risk is None else f"{u.risk:.0%}",
            f"[{colour}]{u.tier}[/]",
            silent,
            str(u.sessions),
            "; ".join(u.reasons[:1]),
        )
    return table


def _headline(u: UserView) -> str:
    when = datetime.fromtimestamp(u.as_of / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if u.risk is None:
        return f"[bold]{u.user}[/]  {u.tier}, as of {when}"
    return (
        f"[bold]{u.user}[/]  risk [{_COLOURS[u.tier]}]{u.risk:.1%}[/] ({u.tier}), as of {when}, by {u.model}"
    )
