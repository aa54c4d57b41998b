"""``ebbwatch dlq``: records that could not be used, and the way back for repaired ones."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from control.log import Log
from ebbwatch.dead_letters import Letter, from_lines, letters, user_of
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.settings import Settings
from producers.publish import Publisher

app = typer.Typer(no_args_is_help=True, help="Dead letters: look at them, and bring repaired ones in.")

Reason = Annotated[str | None, typer.Option(help="Only those of this reason.")]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]

_SHOWN_CHARACTERS = 90


@app.command()
def show(
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 20,
    out: Annotated[
        Path | None, typer.Option(help="Write all of them to this file, JSON lines to repair and replay.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Dead letters by reason, and the latest of them with their original bytes."""
    here = open_deployment(Settings())
    with Log(here.at.kafka, here.settings.dead_letter_topic) as log:
        found = letters(log, here.stream.topic, reason)
        if out is not None:
            typer.echo(f"{_write(out, found):,} dead letters written to {out}")
            return
        kept: list[Letter] = []
        counts: dict[str, int] = {}
        for letter in found:
            counts[letter.reason] = counts.get(letter.reason, 0) + 1
            kept.append(letter)
            if len(kept) > limit:
                del kept[0]
    if as_json:
        typer.echo(msgspec.json.encode({"reasons": counts, "latest": kept}))
    else:
        _print(counts, kept)


@app.command()
def replay(
    file: Annotated[
        Path | None,
        typer.Argument(help="Repaired letters as `dlq show --out` writes them; else all as they are."),
    ] = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters into the stream again, under the user id that their value names.

    An event that was applied meanwhile is a duplicate, and one that is still wrong comes back as a dead letter.
    """
    here = open_deployment(Settings())
    if file is not None:
        with file.open("rb") as lines:
            chosen = [x for x in from_lines(lines) if reason is None or x.reason == reason]
    else:
        with Log(here.at.kafka, here.settings.dead_letter_topic) as log:
            chosen = list(letters(log, here.stream.topic, reason))
    sent, unusable = _send(here, chosen)
    if as_json:
        typer.echo(msgspec.json.encode({"sent": sent, "unusable": unusable}))
    else:
        typer.echo(f"{sent:,} sent again; {unusable:,} left out, since their value names no user")


def _send(here: Deployment, chosen: list[Letter]) -> tuple[int, int]:
    sent = 0
    with Publisher(here.at.kafka, here.stream.topic, here.stream.partitions) as publisher:
        for letter in chosen:
            value = letter.value_bytes()
            user = None if value is None else user_of(value)
            if value is not None and user is not None:
                publisher.send(user.encode(), value)
                sent += 1
        publisher.flush()
    return sent, len(chosen) - sent


def _write(out: Path, found: Iterable[Letter]) -> int:
    count = 0
    with out.open("wb") as file:
        for letter in found:
            file.write(msgspec.json.encode(letter) + b"\n")
            count += 1
    return count


def _print(counts: dict[str, int], latest: list[Letter]) -> None:
    console = Console()
    if not counts:
        console.print("no dead letters")
        return
    for reason, count in sorted(counts.items()):
        console.print(f"  {reason:<16}{count:>10,}")
    table = Table("reason", "where", "key", "value", box=None, header_style="bold")
    for letter in latest:
        value = letter.value or letter.value_base64 or ""
        shown = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
        table.add_row(letter.reason, f"{letter.partition}:{letter.offset}", (letter.key or "")[:24], shown)
    console.print(table)
