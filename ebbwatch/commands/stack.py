"""``ebbwatch stack``: Kafka and Redis on this machine, up, status and down."""

import shutil
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from archive.schema import TABLE
from connections.redis import shown
from ebbwatch.processes import archive_folder
from ebbwatch.settings import Settings
from local_stack import stack
from local_stack.errors import StackError

app = typer.Typer(no_args_is_help=True, help="Kafka and Redis on this machine: find or start, look at, stop.")

Name = Annotated[str, typer.Option("--name", help="Which stack; several run side by side.")]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]


@app.command()
def up(name: Name = "default", as_json: AsJson = False) -> None:
    """Find Kafka and Redis (environment, Docker) or start them here, and return when both answer."""
    try:
        addresses = stack.up(Settings().home, name=name, progress=_steps.print)
    except StackError as error:
        raise _failed(error) from error
    if as_json:
        _print_json(msgspec.structs.replace(addresses, redis=shown(addresses.redis)))
    else:
        typer.echo(f"kafka  {addresses.kafka}\nredis  {shown(addresses.redis)}")


@app.command()
def status(name: Name = "default", as_json: AsJson = False) -> None:
    """Show where Kafka and Redis are and whether they run; exit code 1 if they do not."""
    try:
        found = stack.status(Settings().home, name)
    except StackError as error:
        raise _failed(error) from error
    if as_json:
        _print_json(found)
    else:
        typer.echo(_lines(found))
    if not found.running:
        raise typer.Exit(1)


@app.command()
def down(
    name: Name = "default",
    wipe: Annotated[bool, typer.Option("--wipe", help="Also delete all records and features.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop what `up` started; the data stays for the next `up` unless --wipe is given."""
    try:
        settings = Settings()
        existed = stack.down(settings.home, name, wipe=wipe, progress=_steps.print)
        if wipe and existed and name == "default":
            _forget_archive(settings)
    except StackError as error:
        raise _failed(error) from error
    if as_json:
        _print_json({"name": name, "existed": existed, "wiped": wipe and existed})
    else:
        _steps.print(f"stack {name!r} is down" if existed else f"there is no stack {name!r}")


def _forget_archive(settings: Settings) -> None:
    """The topic is gone, and with it its archive, which no other can go on with, unless that has its own place."""
    if settings.archive is None and not settings.archive_log:
        for folder in archive_folder(settings).glob(f"{TABLE}*"):
            shutil.rmtree(folder)


_steps = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def _failed(error: StackError) -> typer.Exit:
    _steps.print(f"error: {error}", style="red")
    return typer.Exit(1)


def _print_json(value: object) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def _lines(found: stack.Status) -> str:
    if not found.parts:
        return f"no stack {found.name!r}; `ebbwatch stack up` makes one"
    rows = []
    for part, now in found.parts.items():
        process = "" if now.pid is None else f", process {now.pid}"
        rows.append(f"{part}  {now.state:<9}  {now.address}  ({now.origin}{process}) {now.software}".rstrip())
    return "\n".join(rows)
