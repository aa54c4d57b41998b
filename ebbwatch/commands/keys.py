"""``ebbwatch keys``: who may call the API."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from api.access.making import made
from api.access.secrets import make
from control import tables
from control.writing import ControlWriter
from domain.control import SCOPES, ApiKey, Scope
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.settings import Settings

app = typer.Typer(no_args_is_help=True, help="API keys: who may call the API, and what for.")

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]


class NoKeyError(RuntimeError):
    """There is no such key, or it cannot be made so."""


@app.command()
def create(
    scope: Annotated[list[str], typer.Option(help=f"What it may do, repeatable: {', '.join(SCOPES)}.")],
    name: Annotated[str, typer.Option(help="Whose it is; stands in the audit log.")] = "",
    days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0 for never.")] = 0,
    per_second: Annotated[
        int, typer.Option(min=0, help="Requests a second; 0 for EBBWATCH_API_PER_SECOND.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Create a key; it is shown this once."""
    if unknown := [s for s in scope if s not in SCOPES]:
        raise typer.BadParameter(f"{', '.join(unknown)}: not one of {', '.join(SCOPES)}")
    here = open_deployment(Settings())
    key, token = made(name, cast("list[Scope]", scope), days, per_second, _now())
    _write(here, [key])
    _say(key, token.text, as_json)


@app.command()
def rotate(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of the key, as `keys list` shows it.")],
    overlap: Annotated[int, typer.Option(min=0, help="Seconds for which the old one still holds.")] = 86_400,
    as_json: AsJson = False,
) -> None:
    """Create a key like another one, which expires a little later."""
    here = open_deployment(Settings())
    old, token, now = _find(here, id_), make(), _now()
    new = msgspec.structs.replace(old, id=token.id, digest=token.digest, created=now, revoked=0)
    _write(here, [new, msgspec.structs.replace(old, expires=now + overlap * 1000)])
    _say(new, token.text, as_json)


@app.command()
def revoke(id_: Annotated[str, typer.Argument(metavar="ID", help="Of the key.")]) -> None:
    """Let a key pass no more, from a second later on."""
    here = open_deployment(Settings())
    _write(here, [msgspec.structs.replace(_find(here, id_), revoked=_now())])
    typer.echo(f"key {id_} is revoked")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All keys, without their secrets."""
    here = open_deployment(Settings())
    keys = sorted(_all(here).values(), key=lambda key: key.created)
    shown = [{f: getattr(key, f) for f in key.__struct_fields__ if f != "digest"} for key in keys]
    if as_json:
        typer.echo(msgspec.json.encode(shown))
        return
    table = Table("id", "name", "scopes", "created", "holds until", box=None, header_style="bold")
    for key in keys:
        until = "revoked" if key.revoked else _day(key.expires) if key.expires else "revoked by hand"
        table.add_row(key.id, key.name, " ".join(key.scopes), _day(key.created), until)
    Console().print(table)


def _say(key: ApiKey, text: str, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode({"key": text, "id": key.id, "scopes": key.scopes}))
    else:
        typer.echo(f"{text}\nKeep it: it is not shown again. It holds as soon as the notifier runs.")


def _all(here: Deployment) -> dict[str, ApiKey]:
    stored = cast("dict[bytes, bytes]", cast(Any, here.store.hgetall(tables.KEYS)))
    return {id_.decode(): msgspec.json.decode(value, type=ApiKey) for id_, value in stored.items()}


def _find(here: Deployment, id_: str) -> ApiKey:
    found = _all(here).get(id_)
    if found is None:
        raise NoKeyError(f"there is no key {id_} (`ebbwatch keys list` names them; the notifier must run)")
    return found


def _write(here: Deployment, keys: list[ApiKey]) -> None:
    ControlWriter(here.at.kafka, here.settings.control_topic).write(keys)


def _now() -> int:
    return int(time.time() * 1000)


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
