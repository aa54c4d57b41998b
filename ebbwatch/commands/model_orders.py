"""Operators' orders to the tournament: each waits for the answer of the trainer, and says what was decided."""

from typing import Annotated

import msgspec
import typer

from control.decisions import Decided
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.serving import models, open_registry, told
from ebbwatch.settings import Settings
from profiles.operating import Operator
from profiles.serving import Serving

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]
Timeout = Annotated[float, typer.Option(min=0, help="Wait so many seconds for the trainer's answer.")]
_TIMEOUT_S = 60.0


def pin(
    what: Annotated[
        str | None, typer.Argument(metavar="[VERSION|NAME]", help="What serves now, if left out.")
    ] = None,
    timeout: Timeout = _TIMEOUT_S,
    as_json: AsJson = False,
) -> None:
    """Let a contestant or one version serve everybody until `unpin`, whatever evidence says.

    Of a contestant, later versions still follow. A version serves as it is, and is never removed from the registry.
    With nothing named, what serves goes on, to the shares of the users that it has now.
    """
    here, serving = _look()
    _say([_operator(here, timeout).pin(serving, what)], as_json)


def unpin(timeout: Timeout = _TIMEOUT_S, as_json: AsJson = False) -> None:
    """Let evidence decide again."""
    here, serving = _look()
    _say([_operator(here, timeout).order(serving, "unpin", None)], as_json)


def promote(name: str, timeout: Timeout = _TIMEOUT_S, as_json: AsJson = False) -> None:
    """Make a contestant champion, for everybody and at once."""
    here, serving = _look()
    _say([_operator(here, timeout).order(serving, "promote", name)], as_json)


def rollback(timeout: Timeout = _TIMEOUT_S, as_json: AsJson = False) -> None:
    """Put the champion's predecessor back in place."""
    here, serving = _look()
    _say([_operator(here, timeout).order(serving, "roll_back", None)], as_json)


def veto(
    name: str,
    lift: Annotated[bool, typer.Option("--lift", help="Take the veto back.")] = False,
    timeout: Timeout = _TIMEOUT_S,
    as_json: AsJson = False,
) -> None:
    """Keep evidence from promoting a contestant."""
    here, serving = _look()
    _say([_operator(here, timeout).order(serving, "lift_veto" if lift else "veto", name)], as_json)


def _look() -> tuple[Deployment, Serving]:
    here = open_deployment(Settings())
    with models(here) as following:
        return here, told(following.look())


def _operator(here: Deployment, timeout_s: float) -> Operator:
    return Operator(here.model_topics, lambda: open_registry(here), timeout_s)


def _say(answers: list[Decided], as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(answers))
        return
    for decided in answers:
        champion = decided.detail["champion"]
        typer.echo(f"decision {decided.number}: {decided.text}; {champion} is champion")
