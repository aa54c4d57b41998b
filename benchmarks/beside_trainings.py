"""``python -m benchmarks.beside_trainings``: reading risk by HTTP while two files are trained on, and alone.

Reads are due at a fixed rate, before and during the trainings, from a process of its own; a latency counts from when
its request was due. The trainings are what the advisor makes of two uploads, all contestants and batch learners, at
its own priority.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.deployment import Deployment, WorkerError, deployment, working
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.load import Feed
from benchmarks.served import serving_version
from benchmarks.servers import answering_api, new_key
from benchmarks.uploads import PATH, advising, prepared, until
from tests.advisor.training.files import shop

_USERS: Final = 2000
_DAYS: Final = 90
_EVENTS: Final = 200_000
_ROUNDS: Final = 5
_TRAININGS: Final = 2
_MORE_MS: Final = 10.0
_PATIENCE_S: Final = 300.0
_QUANTILES: Final = ("p50", "p99", "p999")


def measure(rate: float, seconds: float, customers: int, console: Console) -> dict[str, Any]:
    """All of it.

    Args:
        seconds: of each round of reads.
        customers: of each file.
    """
    around = Surroundings()
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        Feed(_EVENTS, _DAYS, users=_USERS).send(here, _EVENTS, progress)
        end = here.end()
        with working(here) as worker:
            worker.until(lambda: here.read() >= end, _PATIENCE_S, lambda: None)
        users = serving_version(here)
        job = {"key": new_key(here, "read"), "paths": [f"/v1/users/{user}/risk" for user in users]}
        with answering_api(here) as api:
            alone = [api.load(seconds=seconds, rate=rate, **job)[0].milliseconds for _ in range(_ROUNDS)]
            with _training(here, api.port, customers) as still_at_it:
                beside = [api.load(seconds=seconds, rate=rate, **job)[0].milliseconds for _ in range(_ROUNDS)]
                if not still_at_it():
                    raise WorkerError("a training was over before the reads were: take more --customers")
        figures = {
            name: {q: round(statistics.median(one[q] for one in rounds), 2) for q in _QUANTILES}
            for name, rounds in (("alone", alone), ("beside two trainings", beside))
        }
        more = figures["beside two trainings"]["p99"] - figures["alone"]["p99"]
        return {
            "milliseconds": figures,
            "goals": goals_json({"p99 beside two trainings less p99 alone, ms": Goal(more, _MORE_MS)}),
            "conditions": around.describe(here.at)
            | {"rate": rate, "seconds": seconds, "customers": customers},
        }


@contextmanager
def _training(here: Deployment, port: int, customers: int) -> Iterator[Any]:
    """Two workspaces under training; whether they still are."""
    with advising(here, port) as client:
        ids = [prepared(client, shop(seed, customers).encode(), _PATIENCE_S) for seed in range(_TRAININGS)]
        for id_ in ids:
            client.post(f"{PATH}/{id_}/training", json={}).raise_for_status()
        for id_ in ids:
            until(lambda id_=id_: client.get(f"{PATH}/{id_}").json()["progress"], _PATIENCE_S)  # type: ignore[misc]
        yield lambda: all(client.get(f"{PATH}/{id_}").json()["state"] == "training" for id_ in ids)


def main(
    rate: Annotated[float, typer.Option(min=1, help="reads a second")] = 300.0,
    seconds: Annotated[float, typer.Option(min=1, help="of each of five rounds")] = 8.0,
    customers: Annotated[int, typer.Option(min=110, help="in each file; some 24 lines each")] = 3000,
    out: Annotated[Path | None, typer.Option(help="JSON file of the results")] = None,
) -> None:
    """Say how long reads take."""
    console = Console()
    found = measure(rate, seconds, customers, console)
    shown = table("reading risk", "", *_QUANTILES)
    for name, each in found["milliseconds"].items():
        shown.add_row(name, *(f"{each[q]:,.2f}" for q in _QUANTILES))
    console.print(shown)
    console.print(goals_table({name: Goal(g["found"], g["at_most"]) for name, g in found["goals"].items()}))
    write("beside_trainings", found, out, console)


if __name__ == "__main__":
    typer.run(main)
