"""``ebbwatch erase``: let nothing be known of a user."""

import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from api.access.identity import inside
from archive.address import address_of
from archive.erasing import wishes
from archive.errors import MissingArchiveError
from archive.log import open_log
from batch_jobs.running import kept
from control.erasing import Erased, Eraser
from control.writing import ControlWriter
from domain.columns import hash_of
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.processes import archive_folder, archived_log, batch_folder
from ebbwatch.settings import Settings
from online_model.ledger.ledger import erase as erase_from_ledger

_LOOK_S: Final = 0.3

AsStored = Annotated[
    bool, typer.Option("--as-stored", help="USER is the id as the store has it: do not hash it at the door.")
]


def erase(
    user: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_stored: AsStored = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for worker, notifier and archiver.")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Erase a user: record, ranking, alerts, pending labels, what people have said, rows of ledger and archive,
    and of what batch jobs keep of single users.

    A rebuild forgets again; events that come later begin a new record. Exit code 1 if the worker has not come to it
    in time: it will when it runs.
    """
    here = open_deployment(Settings())
    if not (yes or typer.confirm("Erase all that is known of this user? There is no way back")):
        raise typer.Exit(1)
    settings = here.settings
    known_as = known_inside(here, user, as_stored)
    control = ControlWriter(here.at.kafka, settings.control_topic)
    eraser = Eraser(
        here.at.kafka, control, settings.topic, settings.partitions, settings.facts().future_tolerance_ms
    )
    give_up = time.monotonic() + wait
    done = eraser.erase(here.store, known_as, "ebbwatch erase", wait)
    dropped = erase_from_ledger(archive_of(settings), {f"{hash_of(known_as):016x}": done.until})
    kept_rows = _from_batch(here, known_as)
    archived = _archived(here, done, give_up) if settings.archiver else None
    if as_json:
        found = {"ledger": dropped, "archive": archived, "batch": kept_rows}
        typer.echo(msgspec.json.encode(msgspec.to_builtins(done) | found))
    else:
        where = f"partition {done.partition}, offset {done.offset}"
        typer.echo(
            f"erased, {where}" if done.forgotten else f"written at {where}; no worker has come to it yet"
        )
        typer.echo(
            f"  {done.removed:,} records of people and alerts, {dropped:,} rows of the ledger, "
            f"{kept_rows or 0:,} of the batch jobs"
        )
        if not done.decided:
            typer.echo("  the notifier has not come to it yet: it drops alerts of before when it runs")
        if archived is False:
            typer.echo("  the archiver has not come to it yet: it empties the archive's rows when it runs")
    if not done.forgotten:
        raise typer.Exit(1)


def _from_batch(here: Deployment, user: str) -> int | None:
    """Rows that batch jobs had kept; None if a run that was writing them was in the way: the next one drops them."""
    try:
        return kept.erase(batch_folder(here.settings), {user})
    except OSError as fault:
        typer.echo(f"ebbwatch: what batch jobs keep stands until their next run: {fault}", err=True)
        return None


def _archived(here: Deployment, done: Erased, give_up: float) -> bool | None:
    """Whether the archive says nothing of before any more; None if there is none."""
    address = address_of(archived_log(here.settings, here.stream.topic))
    while True:
        try:
            archive = open_log(address)
        except MissingArchiveError:
            return None
        reached = archive.position(done.partition) or 0
        if reached > done.offset and not any(
            (wish.partition, wish.offset) == (done.partition, done.offset) for wish in wishes(archive)
        ):
            return True
        if time.monotonic() > give_up:
            return False
        time.sleep(_LOOK_S)


def known_inside(here: Deployment, user: str, as_stored: bool) -> str:
    """The id under which the store has a user."""
    return user if as_stored else inside(user, here.settings.id_secret)


def archive_of(settings: Settings) -> Path:
    """Folder of the ledger."""
    return archive_folder(settings)
