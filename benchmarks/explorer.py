"""``python -m benchmarks.explorer``: filter and sort 100,000 customers in the console, in a real browser.

Each choice is timed in the page, from the click to the moment at which the first row that the API names stands in the
grid. In the same run: the API's own answers to the same questions, and an answer of the console that asks nobody
(`/healthz`), fetched by the same page, as the limit of what a round trip costs here.
"""

import statistics
import time
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from playwright.sync_api import Page
from rich.console import Console
from rich.progress import Progress

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
from benchmarks.deployment import deployment, working
from benchmarks.findings import Goal, Surroundings, goals_json, write
from benchmarks.load import Feed
from benchmarks.servers import answering_api, new_key

_DAYS: Final = 9
_PATIENCE_S: Final = 900.0
_ORDERS: Final = {"Most value at risk": "value", "Seen last": "changed", "Highest risk": "risk"}
_TIERS: Final = {"High": "high", "Medium": "medium", "Low": "low", "All tiers": None}


def measure(users: int, rounds: int, console: Console) -> dict[str, Any]:
    """All of it."""
    around = Surroundings()
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        Feed(users * 8, _DAYS, users=users).send(here, users * 8, progress)
        end = here.end()
        with working(here) as worker:
            worker.until(lambda: here.read() >= end, _PATIENCE_S, lambda: None)
        key = new_key(here, "read")
        with (
            answering_api(here) as api,
            httpx.Client(
                base_url=f"http://127.0.0.1:{api.port}",
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
            ) as calling,
        ):
            at_risk = calling.get("/v1/users", params={"limit": 1}).json()["total"]  # everybody is scored now
            with visiting(here, api.port) as (page, url):
                found = _in_browser(page, url, key, calling, rounds)
        found["conditions"] = around.describe(here.at) | {
            "users": users,
            "at_risk": at_risk,
            "rounds": rounds,
        }
        return found


def _in_browser(page: Page, url: str, key: str, calling: httpx.Client, rounds: int) -> dict[str, Any]:
    sign_in(page, url, key)
    opened, choices, answers, trips = [], [], [], []
    for _ in range(rounds):
        opened.append(open_grid(page, f"{url}/customers"))
        wish: dict[str, str | None] = {"sort": "risk", "tier": None}
        for field, label, options in (("sort", "Order", _ORDERS), ("tier", "Tier", _TIERS)):
            for words, value in options.items():
                wish[field] = value
                took, first = _asked(calling, wish)
                answers.append(took)
                choices.append(chosen(page, label, words, first))
                trips.append(trip(page))
    page.close()
    series = {
        "explorer opened, to its first row": opened,
        "choice of a filter or an order, to the first row": choices,
        "the same, the API's answer alone": answers,
        "a round trip that asks nobody": trips,
    }
    goals = {
        "a choice, p95, ms": Goal(quantile(choices, 0.95), CHOICE_MS),
        "the explorer opened, median, ms": Goal(statistics.median(opened), OPENED_MS),
    }
    return {"milliseconds": waits(series), "goals": goals_json(goals)}


def _asked(calling: httpx.Client, wish: dict[str, str | None]) -> tuple[float, str]:
    given = {name: value for name, value in wish.items() if value is not None}
    began = time.perf_counter()
    found = calling.get("/v1/users", params=given | {"limit": "100"}).json()
    return 1000 * (time.perf_counter() - began), str(found["items"][0]["user"])


def main(
    users: Annotated[
        int, typer.Option(min=1000, help="simulated users; six of ten are at risk at the end")
    ] = 170_000,
    rounds: Annotated[int, typer.Option(min=1, help="times that all choices are made")] = 5,
    out: Annotated[Path | None, typer.Option(help="JSON file of the results")] = None,
) -> None:
    """Say how long people wait."""
    console = Console()
    found = measure(users, rounds, console)
    show(found, console)
    write("explorer", found, out, console)


if __name__ == "__main__":
    typer.run(main)
