"""``ebbwatch model``: what serves and how good it is, which versions there are, and why a user is at risk."""

import sys
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import track

from control.decisions import decisions
from ebbwatch.commands import model_orders
from ebbwatch.commands.model_tables import (
    comparison,
    decision_table,
    explanation,
    headline,
    serving_table,
    tier_table,
    version_table,
)
from ebbwatch.deployment import open_deployment
from ebbwatch.serving import basis, models, open_registry, told
from ebbwatch.settings import Settings
from feature_store import lookup
from online_model.quality.slices import ALL
from online_model.registry.mlflow_export import export
from online_model.tiers import Thresholds
from profiles.explained import explained
from profiles.model_report import compared, listed, parts_of, shown
from profiles.views import judged

app = typer.Typer(no_args_is_help=True, help="The model: what serves, how good it is, and who decides.")
app.command()(model_orders.pin)
app.command()(model_orders.unpin)
app.command()(model_orders.promote)
app.command()(model_orders.rollback)
app.command()(model_orders.veto)

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]


@app.command()
def show(
    decided: Annotated[int, typer.Option("--decisions", min=0, help="So many of the last decisions.")] = 5,
    as_json: AsJson = False,
) -> None:
    """What serves, for what share of the users, how good it is of late, and what was decided last."""
    here = open_deployment(Settings())
    with models(here) as following:
        serving = told(following.look())
    newest = decisions(here.model_topics)[::-1][:decided]
    answer = shown(serving, newest)
    if as_json:
        typer.echo(msgspec.json.encode(answer))
        return
    console = Console()
    console.print(serving_table(answer.serves))
    for line in headline(answer):
        console.print(line)
    if answer.tiers:
        console.print(
            tier_table(answer.tiers, None if answer.thresholds is None else Thresholds(**answer.thresholds))
        )
    if answer.decisions:
        console.print(decision_table(answer.decisions))


@app.command("list")
def list_versions(as_json: AsJson = False) -> None:
    """Versions in the registry, newest first, each checked; those that could not serve with the reason."""
    here = open_deployment(Settings())
    with models(here) as following:
        serving = told(following.look())
    registry = open_registry(here)
    console = Console(stderr=True)
    versions = list(
        track(
            listed(registry, serving, here.lineage),
            "versions checked",
            total=len(registry.versions()),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
    )
    if as_json:
        typer.echo(msgspec.json.encode(versions))
    elif versions:
        Console().print(version_table(versions))
    else:
        typer.echo("no version is published yet: the baseline serves")


@app.command("export")
def export_version(
    server: Annotated[str, typer.Argument(help="Address of an MLflow tracking server.")],
    version: Annotated[
        str | None, typer.Option(help="Id as `model list` shows it; else what serves most users.")
    ] = None,
    experiment: Annotated[str, typer.Option(help="Its name; made where there is none.")] = "ebbwatch",
    as_json: AsJson = False,
) -> None:
    """Send a version's settings, metrics and files to MLflow as a run; sending it twice changes nothing."""
    here = open_deployment(Settings())
    if version is None:
        with models(here) as following:
            parts = told(following.look()).risk.parts
        if not parts:
            sys.exit("ebbwatch: no version serves yet, so there is none to send: name one with --version")
        version = max(parts, key=lambda part: part.share).version
    run = export(open_registry(here).load(version), server, experiment)
    if as_json:
        typer.echo(msgspec.json.encode({"version": version, "run": run}))
    else:
        typer.echo(f"version {version} is run {run} of {experiment} at {server}")


@app.command()
def compare(
    part: Annotated[
        str, typer.Option(help="Of the examples: all, silence:0-1d, plan:3, month:2024-05 and so on.")
    ] = ALL,
    as_json: AsJson = False,
) -> None:
    """The contestants side by side, on the outcomes settled last, by the trainer's latest judgement."""
    here = open_deployment(Settings())
    with models(here) as following:
        quality = told(following.look()).quality
    if quality is None:
        sys.exit("ebbwatch: no contestant was judged yet: does the trainer run, and is any outcome due yet?")
    if part not in (parts := parts_of(quality)):
        sys.exit(f"ebbwatch: no part {part!r} of the examples was judged; there are {', '.join(parts)}")
    rows = compared(quality, part)
    if as_json:
        answer: dict[str, Any] = {
            "part": part,
            "at_ms": quality.at_ms,
            "settled": quality.report.settled,
            "remembered": quality.report.remembered,
            "half_life": quality.report.half_life,
            "contestants": rows,
            "parts": parts,
        }
        typer.echo(msgspec.json.encode(answer))
        return
    Console().print(comparison(rows, quality, part))


@app.command()
def explain(user: str, as_json: AsJson = False) -> None:
    """What a user's risk is made of: log-odds by theme and by feature, which add up to the score."""
    here = open_deployment(Settings())
    facts = lookup.user(here.store, here.stream, user)
    if facts is None:
        sys.exit(f"ebbwatch: no event of user {user!r} was applied")
    with models(here) as following:
        by = basis(here, told(following.look()).risk)
    answer = explained(judged(facts, by), 0, by, lookup.names(here.store, here.stream, facts.partition))
    if as_json:
        typer.echo(msgspec.json.encode(answer))
        return
    console = Console()
    for part in explanation(answer):
        console.print(part)
