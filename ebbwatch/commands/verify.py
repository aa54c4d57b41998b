"""``ebbwatch verify``: is what the store holds what the log says?"""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import track

from ebbwatch.deployment import open_deployment
from ebbwatch.processes import archived_log
from ebbwatch.settings import Settings
from ebbwatch.verify import ExampleTopics, VerifyReport, summed
from ebbwatch.verify import verify as run


def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Recompute every user from the log, slowly and separately, and compare with Redis byte by byte.

    Where Kafka has let go of the log's beginning, the archive is read instead. So are the snapshots and outcomes in
    their topics.

    Exit code 1 if anything differs. Compares up to where the store has read; run it while no worker writes.
    """
    here = open_deployment(Settings())
    topics = ExampleTopics(here.settings.snapshot_topic, here.settings.outcome_topic)
    archive = archived_log(here.settings, here.stream.topic)
    err = Console(stderr=True)
    reports = list(
        track(
            run(here.at, here.stream, here.topic_id, here.settings.facts(), topics, archive),
            description="verifying, partitions",
            total=here.stream.partitions,
            console=err,
        )
    )
    report = summed(reports)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        _print(report)
    if not report.identical:
        raise typer.Exit(1)


def _print(report: VerifyReport) -> None:
    verdict = "identical" if report.identical else "DIFFERENT"
    typer.echo(f"{verdict}: {report.users:,} users from {report.records:,} records of the log")
    typer.echo(f"  {report.snapshots:,} snapshots and {report.outcomes:,} outcomes have left")
    if report.emptied:
        typer.echo(
            f"  {report.emptied:,} records were of users who were erased, and are read as marks: how they had been "
            f"counted cannot be told, nor {report.passed:,} snapshots and outcomes of theirs in the topics"
        )
    for outcome, count in report.events.items():
        typer.echo(f"  {outcome:<24}{count:>14,}")
    for difference in report.differences:
        typer.echo(f"  {difference[:400]}")
