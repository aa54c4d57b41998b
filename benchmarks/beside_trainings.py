"""``python -m benchmarks.beside_trainings``: reading risk by HTTP while two files are trained on, and alone.

Reads are due at a fixed rate, before and during the trainings, from a process of its own; a latency counts from when
its request was due. The trainings are what the advisor makes of two uploads, all contestants and batch learners, at
its own priority.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.deployment import Deployment, WorkerError, deployment, working
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.load import Feed
from benchmarks.served import serving_version
from benchmarks.servers import answering_api, new_key
from benchmarks.stream.contestants import ROOT
from tests.advisor.training.files import shop

_USERS: Final = 2000
_DAYS: Final = 90
_EVENTS: Final = 200_000
_ROUNDS: Final = 5
_TRAININGS: Final = 2
_PATH: Final = "/v1/workspaces"
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
    headers = {"Authorization": f"Bearer {new_key(here, 'workspaces')}"}
    with (here.home / "advisor.log").open("wb") as log:
        advisor = subprocess.Popen(
            [sys.executable, "-m", "ebbwatch", "advisor"],
            cwd=ROOT,
            env=here.environment(),
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            _until(lambda: client.get("/v1/keys/self").status_code == 200)  # it holds a second later
            ids = [_sent(client, shop(seed, customers).encode()) for seed in range(_TRAININGS)]
            for id_ in ids:
                client.post(f"{_PATH}/{id_}/training", json={}).raise_for_status()
            for id_ in ids:
                _until(lambda id_=id_: client.get(f"{_PATH}/{id_}").json()["progress"])  # type: ignore[misc]
            yield lambda: all(client.get(f"{_PATH}/{id_}").json()["state"] == "training" for id_ in ids)
    finally:
        advisor.terminate()
        advisor.wait(60)


def _sent(client: httpx.Client, content: bytes) -> str:
    id_ = str(client.post(_PATH, content=content).raise_for_status().json()["id"])
    _until(lambda: client.get(f"{_PATH}/{id_}").json()["state"] == "read")
    columns = {"customer": "customer", "date": "date", "amount": "total", "channel": "channel"}
    client.put(f"{_PATH}/{id_}/mapping", json={"columns": columns}).raise_for_status()
    _until(lambda: client.get(f"{_PATH}/{id_}").json()["state"] == "mapped")
    return id_


def _until(holds: Any) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > give_up:
            raise WorkerError("the advisor does not work on it")
        time.sleep(0.2)


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
