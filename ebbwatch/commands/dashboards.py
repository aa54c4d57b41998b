"""``ebbwatch dashboards``: the boards in a Grafana that is not provisioned from files."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from connections.secrets import secret
from dashboards import pushing
from dashboards.committed import boards
from dashboards.grafana_server import Grafana, GrafanaError

app = typer.Typer(
    no_args_is_help=True,
    help="Boards for Grafana at GRAFANA_URL; GRAFANA_TOKEN, or GRAFANA_USER and GRAFANA_PASSWORD, says who asks.",
)

Url = Annotated[str, typer.Option(envvar="GRAFANA_URL", help="Of Grafana.")]
Api = Annotated[str, typer.Option(help="Of our API as people reach it: links of panels lead there.")]
_HERE: Final = "http://127.0.0.1:3000"
_API: Final = "http://127.0.0.1:8000"
_CHANGED: Final = 1


@app.command()
def push(
    url: Url = _HERE,
    api: Api = _API,
    prometheus: Annotated[
        str, typer.Option(help="Of Prometheus as Grafana reaches it: a data source is made for it.")
    ] = "",
) -> None:
    """Put folder, data source and boards into Grafana; what is the same already is left alone."""
    _shown(pushing.pushed(_grafana(url), pushing.at(boards(), api), prometheus or None))


@app.command()
def check(url: Url = _HERE, api: Api = _API) -> None:
    """Compare the boards in Grafana with ours; exit code 1 if one differs or is not there."""
    grafana = _grafana(url)
    grafana.version()
    found = pushing.compared(grafana, pushing.at(boards(), api))
    _shown(found)
    if any(each.state != "same" for each in found):
        raise typer.Exit(_CHANGED)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="For one JSON file a board.")], url: Url = _HERE
) -> None:
    """Write the boards that are in Grafana, with what people have changed there, as files."""
    for file in pushing.exported(_grafana(url), folder):
        typer.echo(file)


def _grafana(url: str) -> Grafana:
    token = secret(os.environ, "GRAFANA_TOKEN")
    user, password = os.environ.get("GRAFANA_USER"), secret(os.environ, "GRAFANA_PASSWORD")
    if token:
        return Grafana(url, token)
    if user and password:
        return Grafana(url, (user, password))
    raise GrafanaError(
        "Grafana wants to know who asks: give GRAFANA_TOKEN (of a service account with the role Editor), or "
        "GRAFANA_USER and GRAFANA_PASSWORD"
    )


def _shown(found: list[pushing.Compared]) -> None:
    table = Table("board", "title", "state")
    for board, state in found:
        table.add_row(board["uid"], board["title"], state)
    Console().print(table)
