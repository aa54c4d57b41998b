"""``python -m tests.chaos``: servers die at random, and nothing may be lost or doubled."""

import tempfile
from pathlib import Path
from random import SystemRandom
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tests.chaos.trial import Report, Trial, run


def chaos(
    kills: Annotated[
        int, typer.Option(min=1, help="How often kill -9 hits a worker, the trainer, Redis, Kafka.")
    ] = 20,
    freezes: Annotated[
        int, typer.Option(min=0, help="How often a worker (until declared dead) or the trainer is stopped.")
    ] = 5,
    seed: Annotated[int | None, typer.Option(min=0, help="Order and moments; else by chance.")] = None,
    rate: Annotated[int, typer.Option(min=20, help="Records a second.")] = 300,
    short: Annotated[bool, typer.Option("--short", help="Five kills and one freeze.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Folder for logs and data, kept; else a temporary one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Two workers, a trainer, Redis and Kafka under fire; exit code 1 if anything is lost, doubled or not refused."""
    seed = SystemRandom().randrange(1_000_000) if seed is None else seed
    trial = Trial(seed=seed, kills=5 if short else kills, freezes=1 if short else freezes, rate=rate)
    steps = Console(stderr=True, highlight=False, markup=False)
    steps.print(f"seed {seed}")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        report = run(trial, keep, steps.print)
    else:
        with tempfile.TemporaryDirectory(prefix="ebbwatch-chaos-") as folder:
            report = run(trial, Path(folder), steps.print)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _print(report)
    if not report.passed:
        raise typer.Exit(1)


def _print(report: Report) -> None:
    console = Console()
    struck = Table("at", "strike", "took", "what", box=None, header_style="bold")
    for strike in report.strikes:
        struck.add_row(f"{strike.at:.0f} s", strike.kind, f"{strike.seconds:.1f} s", strike.note)
    console.print(struck)
    held = Table("", "what must hold", "", box=None, header_style="bold")
    for finding in report.findings:
        verdict = "[green]holds[/]" if finding.holds else "[red]FAILS[/]"
        held.add_row(verdict, finding.what, finding.detail)
    console.print(held)
    verdict = "[green]passed[/]" if report.passed else "[red]FAILED[/]"
    console.print(f"{verdict}: {sum(report.sent.values()):,} records, {len(report.strikes)} strikes, "
                  f"{report.seconds:.0f} s, seed {report.trial.seed}")  # fmt: skip


if __name__ == "__main__":
    typer.run(chaos)
