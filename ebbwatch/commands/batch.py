"""``ebbwatch batch``: jobs over the archive, their schedule, their results, and the weekly report."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from batch_jobs.config import SCHEDULER_ENVIRONMENT
from batch_jobs.reports.report import Report as WeeklyReport
from batch_jobs.reports.report import collected, summary
from batch_jobs.reports.sending import ways
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results, open_results
from batch_jobs.results.shown import document, told
from batch_jobs.running.perform import Report, Wanted, perform
from batch_jobs.running.workshop import workshop
from ebbwatch.batch import SCHEDULER, batch_config
from ebbwatch.batch_progress import bars
from ebbwatch.batch_summary import write_report
from ebbwatch.entering import Entering
from ebbwatch.processes import results_address
from ebbwatch.scores import take
from ebbwatch.served_log import served_log
from ebbwatch.settings import Settings
from ebbwatch.supervised import supervise
from outlets.hook import HookError
from outlets.post import PostError
from storage.spreadsheet import written
from stream_processors.supervisor import Supervisor

app = typer.Typer(no_args_is_help=True, help="Jobs over the archive: run them, on schedule, and see results.")

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]


@app.command()
def run(
    jobs: Annotated[
        list[str] | None, typer.Argument(help="Which ones, with what they need; all by default.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Know only what was before this day (UTC); the last complete one by default.",
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Compute also what has not changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run batch jobs now; exit code 1 if one of them failed. Its last good result stands then."""
    settings = Settings()
    config = batch_config(settings)
    shop = workshop(config, partial(take, settings, Path(config.folder)), partial(served_log, settings))
    wanted = Wanted(jobs or (), None if as_of is None else as_of.date(), again)
    with bars() as told:
        report = perform(shop, wanted, told)
    Entering(settings)(shop.results)
    if as_json:
        typer.echo(msgspec.json.encode(_report_document(report, shop.results)))
    else:
        _print_report(report)
    for outcome in report.outcomes:
        if not outcome.good:
            typer.echo(f"ebbwatch: {outcome.job}: {outcome.fault}", err=True)
    if not report.good:
        raise typer.Exit(1)


@app.command()
def schedule() -> None:
    """Run every job whenever a day is complete, and send the weekly report; supervised, until told to stop."""
    settings = Settings()
    supervise(
        Supervisor(
            partial(batch_config, settings, None),
            command=SCHEDULER,
            name="scheduler",
            environment=SCHEDULER_ENVIRONMENT,
        )
    )


@app.command()
def status(as_json: AsJson = False) -> None:
    """What results there are, as of when, and what became of the last try of each job."""
    results = _results()
    found = [_status(results, job) for job in results.jobs()]
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    if not found:
        typer.echo(f"no results under {results.address} yet: `ebbwatch batch run` makes the first")
        return
    table = Table("job", "as of", "finished", "seconds", "rows", "last try", box=None, header_style="bold")
    for row in found:
        table.add_row(
            row["job"],
            str(row["as_of"] or "–"),
            _moment(row["finished"]),
            "–" if row["seconds"] is None else f"{row['seconds']:.1f}",
            f"{sum(row['rows'].values()):,}",
            row["last_try"],
        )
    Console().print(table)


@app.command()
def show(
    job: str,
    table: Annotated[str | None, typer.Argument(help="One of its tables; all by default.")] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="As CSV on standard output; names one table.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tables of the last good result of a job."""
    results = _results()
    found = results.read(job)
    if found is None:
        sys.exit(f"ebbwatch: no run of {job} has finished yet: `ebbwatch batch run {job}` makes the first")
    made, tables = found
    if table is not None and table not in tables:
        sys.exit(f"ebbwatch: {job} has no table {table}: {', '.join(tables)} are there")
    if as_csv:
        if table is None:
            sys.exit(f"ebbwatch: name the table that is to be written as CSV: {', '.join(tables)}")
        typer.echo(written(tables[table].to_pylist(), tables[table].column_names), nl=False)
    elif as_json:
        shown = document(job, tables) if table is None else {table: tables[table].to_pylist()}
        typer.echo(msgspec.json.encode({"as_of": made.basis.as_of, job: shown}))
    else:
        for name in [table] if table else list(told(tables)):
            _print_table(
                f"{name}, as of {made.basis.as_of}", tables[name].column_names, tables[name].to_pylist()
            )


@app.command()
def report(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing: print what would be sent.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the page and the PDF into this folder, and send nothing.")
    ] = None,
) -> None:
    """Send the report of the last results now, by mail and to the chat, as far as they are configured."""
    settings = Settings()
    made = collected(_results())
    if made is None:
        sys.exit("ebbwatch: there is nothing to report yet: `ebbwatch batch run` makes the first results")
    config = batch_config(settings).report
    try:
        configured = ways(config)
    except ValueError as fault:
        sys.exit(f"ebbwatch: {fault}")
    if out is not None:
        typer.echo("\n".join(map(str, write_report(made, out))))
    if dry_run:
        typer.echo(_in_words(made, sorted(configured), config.receivers))
    if dry_run or out is not None:
        return
    if not configured:
        sys.exit(
            "ebbwatch: nobody would get it: set EBBWATCH_SMTP_URL, EBBWATCH_MAIL_FROM and EBBWATCH_REPORT_TO, or "
            "EBBWATCH_REPORT_HOOK; --dry-run prints it, --out writes it"
        )
    for way, send in configured.items():
        try:
            send(made)
        except (PostError, HookError) as fault:
            sys.exit(f"ebbwatch: the report was not sent by {way}: {fault}")
        typer.echo(f"sent by {way}")


def _results() -> Results:
    return open_results(results_address(Settings()))


def _report_document(report: Report, results: Results) -> dict[str, Any]:
    """What was done, and beside it the tables of each job that has a result."""
    shown: dict[str, Any] = {
        "as_of": report.as_of,
        "seconds": (report.finished - report.begun) / 1000,
        "jobs": report.outcomes,
    }
    for outcome in report.outcomes:
        found = results.read(outcome.job) if outcome.good else None
        if found is not None:
            shown[outcome.job] = document(outcome.job, found[1])
    return shown


def _print_report(report: Report) -> None:
    table = Table("job", "", "seconds", "rows", box=None, header_style="bold")
    colours = {"done": "green", "unchanged": "dim", "failed": "red", "left_out": "yellow"}
    for outcome in report.outcomes:
        state = f"[{colours[outcome.state]}]{outcome.state.replace('_', ' ')}[/]"
        table.add_row(outcome.job, state, f"{outcome.seconds:.1f}", f"{sum(outcome.rows.values()):,}")
    console = Console()
    console.print(f"as of {report.as_of}, in {(report.finished - report.begun) / 1000:.1f} s")
    console.print(table)


def _status(results: Results, job: str) -> dict[str, Any]:
    try:
        run, attempt = results.current(job), results.attempt(job)
    except ResultsError as fault:
        return {
            "job": job, "as_of": None, "finished": None, "seconds": None, "rows": {}, "run": None, "archive": None,
            "last_try": str(fault),
        }  # fmt: skip
    tried = "–"
    if attempt is not None:
        ended = "under way, or killed" if attempt.ended is None else attempt.fault or "good"
        tried = f"as of {attempt.as_of}: {ended}"
    return {
        "job": job,
        "as_of": run.basis.as_of if run else None,
        "finished": run.finished if run else None,
        "seconds": (run.finished - run.begun) / 1000 if run else None,
        "rows": {name: stored.rows for name, stored in run.tables.items()} if run else {},
        "run": run.id if run else None,
        "archive": run.basis.archive if run else None,
        "last_try": tried,
    }


def _print_table(title: str, columns: list[str], rows: list[dict[str, Any]]) -> None:
    table = Table(*columns, title=title, title_justify="left", box=None, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _in_words(made: WeeklyReport, configured: list[str], receivers: tuple[str, ...]) -> str:
    to = f"by mail to {', '.join(receivers)}" if "mail" in configured else "by no mail"
    chat = "to the chat" if "chat" in configured else "to no chat"
    pictures = [section.picture.name for section in made.sections if section.picture]
    return f"{summary(made)}\n\nwould go {to} and {chat}, with pictures: {', '.join(pictures) or 'none'}"


def _moment(at: int | None) -> str:
    return "–" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
