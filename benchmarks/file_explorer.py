"""``python -m benchmarks.file_explorer``: a file of 100,000 customers, from upload to results, and then its explorer.

The file is trained on in a workspace, with all contestants and batch learners; how long that takes, and with how much
memory, is measured where it runs. Then each choice in the console is timed, as `benchmarks.explorer` times those of
the stream.
"""

import csv
import io
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final

import httpx
import psutil
import typer
from playwright.sync_api import Page
from rich.console import Console

from benchmarks.browsing import (
    CHOICE_MS,
    OPENED_MS,
    chosen,
    open_grid,
    quantile,
    show,
    sign_in,
    trip,
    visiting,
    waits,
)
from benchmarks.deployment import WorkerError, deployment
from benchmarks.findings import Goal, Surroundings, goals_json, write
from benchmarks.servers import answering_api
from benchmarks.uploads import PATH, advising, prepared

_BEGIN: Final = datetime(2023, 1, 2, tzinfo=UTC)
_DAYS: Final = 300
_PACES: Final = (25, 60, 110)
"""Days between two purchases, of three kinds of customers: some five lines each."""
_PATIENCE_S: Final = 1800.0
_TRAINED_S: Final = 300.0
_ORDERS: Final = {"Highest risk": "risk", "Risen most in a week": "changed", "Most money at risk": "value"}
_TIERS: Final = {"High": "high", "Medium": "medium", "Gone": "gone", "All tiers": None}


def lines(customers: int, seed: int) -> bytes:
    """CSV of customer, date and total, in order of time; a third stop coming."""
    chance, rows = Random(seed), []
    for number in range(customers):
        pace, at = chance.choice(_PACES), chance.uniform(0, 120)
        end = chance.choice((_DAYS, _DAYS, chance.uniform(60, _DAYS)))
        while at < end:
            rows.append((at, f"c{number:06d}", round(chance.uniform(5, 80), 2)))
            at += chance.expovariate(1 / pace) + 0.1
    rows.sort()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("customer", "date", "total"))
    writer.writerows(
        (user, (_BEGIN + timedelta(days=at)).strftime("%Y-%m-%d %H:%M:%S"), total) for at, user, total in rows
    )
    return out.getvalue().encode()


def measure(customers: int, rounds: int, console: Console) -> dict[str, Any]:
    """All of it."""
    around, content = Surroundings(), lines(customers, 1)
    with deployment(console) as here, answering_api(here) as api, advising(here, api.port) as client:
        id_ = prepared(client, content, _PATIENCE_S)
        trained = _trained(client, id_)
        with visiting(here, api.port) as (page, url):
            # a workspace is its owner's: the console signs in with the key that sent the file
            sign_in(page, url, client.headers["Authorization"].removeprefix("Bearer "))
            series = _in_browser(page, f"{url}/file?id={id_}", client, id_, rounds)
        goals = {
            "trained, s": Goal(trained["seconds"], _TRAINED_S),
            "a choice, p95, ms": Goal(quantile(series["choice"], 0.95), CHOICE_MS),
            "the page of results opened, median, ms": Goal(statistics.median(series["opened"]), OPENED_MS),
        }
        return {
            "milliseconds": waits(
                {
                    "page of results opened, to the first row": series["opened"],
                    "choice of a filter or an order, to the first row": series["choice"],
                    "the same, the API's answer alone": series["answer"],
                    "a round trip that asks nobody": series["trip"],
                }
            ),
            "training": trained,
            "goals": goals_json(goals),
            "conditions": around.describe(here.at)
            | {
                "customers": customers,
                "lines": content.count(b"\n") - 1,
                "bytes": len(content),
                "rounds": rounds,
            },
        }


def _trained(client: httpx.Client, id_: str) -> dict[str, float]:
    """Seconds from the order to the results, and the most memory that the process had meanwhile."""
    began, most = time.monotonic(), 0
    client.post(f"{PATH}/{id_}/training", json={}).raise_for_status()
    while (found := client.get(f"{PATH}/{id_}").json())["state"] == "training":
        if time.monotonic() > began + _PATIENCE_S:
            raise WorkerError("the training does not end")
        most = max([most, *_memory()])
        time.sleep(0.5)
    if found["state"] != "trained":
        raise WorkerError(f"the training {found['state']}: {found['error']}")
    return {"seconds": round(time.monotonic() - began, 1), "most_mib": round(most / 2**20)}


def _memory() -> list[int]:
    """Bytes of each process that works on a workspace now."""
    processes = psutil.process_iter(["cmdline", "memory_info"])
    return [
        p.info["memory_info"].rss for p in processes if "advisor.workspaces.work" in (p.info["cmdline"] or ())
    ]


def _in_browser(
    page: Page, address: str, client: httpx.Client, id_: str, rounds: int
) -> dict[str, list[float]]:
    series: dict[str, list[float]] = {"opened": [], "choice": [], "answer": [], "trip": []}
    for _ in range(rounds):
        series["opened"].append(open_grid(page, address))
        wish: dict[str, str] = {"sort": "value"}
        for field, label, options in (("sort", "Order", _ORDERS), ("tier", "Tier", _TIERS)):
            for words, value in options.items():
                wish = {name: said for name, said in wish.items() if name != field}
                if value is not None:
                    wish[field] = value
                began = time.perf_counter()
                found = client.get(f"{PATH}/{id_}/customers", params={**wish, "limit": "100"}).json()
                series["answer"].append(1000 * (time.perf_counter() - began))
                series["choice"].append(chosen(page, label, words, str(found["items"][0]["user"])))
                series["trip"].append(trip(page))
    page.close()
    return series


def main(
    customers: Annotated[int, typer.Option(min=1000, help="in the file; some five lines each")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, help="times that all choices are made")] = 5,
    out: Annotated[Path | None, typer.Option(help="JSON file of the results")] = None,
) -> None:
    """Say how long people wait."""
    console = Console()
    found = measure(customers, rounds, console)
    show(found, console)
    console.print(
        f"trained in {found['training']['seconds']:,.0f} s with {found['training']['most_mib']:,} MiB"
    )
    write("file_explorer", found, out, console)


if __name__ == "__main__":
    typer.run(main)
