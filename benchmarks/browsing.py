"""Waiting in a real browser: from a click, or an address, to the first row of a grid."""

import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, Final

from playwright.sync_api import Page
from rich.console import Console

from benchmarks.deployment import Deployment
from benchmarks.findings import Goal, goals_table, table
from benchmarks.servers import serving
from local_stack.ports import free_ports
from tests.integration.browser import browser

CHOICE_MS: Final = 200.0
OPENED_MS: Final = 1000.0
_FIRST_ROW: Final = "document.querySelector('.ag-row[row-index=\"0\"] a')?.textContent"
_TRIP: Final = """async () => {
  const began = performance.now();
  await (await fetch('/healthz')).text();
  return performance.now() - began;
}"""
_NOTE_CLICKS: Final = (
    "document.addEventListener('click', () => { window.clicked = performance.now(); }, true)"
)


@contextmanager
def visiting(here: Deployment, api_port: int) -> Iterator[tuple[Page, str]]:
    """A page of a browser, and the address of a console of its own before an API."""
    (port,) = free_ports(1, Random())
    environment = here.environment() | {
        "EBBWATCH_CONSOLE_PORT": str(port),
        "EBBWATCH_CONSOLE_API": f"http://127.0.0.1:{api_port}",
    }
    command = [sys.executable, "-m", "ebbwatch", "console"]
    with (
        serving(command, environment, here.home / "console.log", port, "/healthz", "console"),
        browser() as made,
    ):
        yield made.new_page(), f"http://127.0.0.1:{port}"


def sign_in(page: Page, url: str, key: str) -> None:
    """To the console at an address."""
    page.goto(f"{url}/sign-in")
    page.get_by_label("Key of the API").fill(key)
    page.get_by_role("button", name="Sign in").click()


def open_grid(page: Page, address: str) -> float:
    """Milliseconds until the first row of its grid stands there; then waits until nothing more is loaded."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(f"{_FIRST_ROW} !== undefined")
    took = 1000 * (time.perf_counter() - began)
    page.wait_for_load_state("networkidle")
    page.evaluate(_NOTE_CLICKS)
    return took


def chosen(page: Page, label: str, words: str, first: str) -> float:
    """Milliseconds from the click on a choice until this customer stands in the first row."""
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=words, exact=True).click()
    took = page.wait_for_function(f"{_FIRST_ROW} === {first!r} && performance.now() - window.clicked")
    return float(took.json_value())


def trip(page: Page) -> float:
    """Milliseconds of a round trip that asks nobody."""
    return float(page.evaluate(_TRIP))


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so many do not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def waits(series: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    """Median and p95 of each."""
    return {
        name: {"median_ms": round(statistics.median(each), 1), "p95_ms": round(quantile(each, 0.95), 1)}
        for name, each in series.items()
    }


def show(found: Mapping[str, Any], console: Console) -> None:
    """`milliseconds` and `goals` as tables."""
    shown = table("waiting", "", "median ms", "p95 ms")
    for name, each in found["milliseconds"].items():
        shown.add_row(name, *(f"{value:,.1f}" for value in each.values()))
    console.print(shown)
    console.print(goals_table({name: Goal(g["found"], g["at_most"]) for name, g in found["goals"].items()}))
