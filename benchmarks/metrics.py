"""``python -m benchmarks.metrics``: how many series a demo has, and how long a scrape of each process takes.

A demo's users are simulated and worked through, the batch jobs run once, and then all processes run beside each other
while each port is scraped again and again, from a connection of its own as Prometheus does.
"""

import http.client
import subprocess
import time
from pathlib import Path
from random import Random
from statistics import median
from typing import Annotated, Any, Final

import psutil
import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from benchmarks.deployment import EBBWATCH, WorkerError, deployment
from benchmarks.findings import Goal, Surroundings, table, write
from benchmarks.stream.contestants import ROOT
from ebbwatch.metrics_reference import described
from local_stack.ports import free_ports

_START_S: Final = 180.0
_SETTLE_S: Final = 35.0
"""The trainer judges, and the API looks at Redis, within so many seconds."""
_STOP_S: Final = 60.0
MOST_SERIES: Final = 20_000
MOST_MS: Final = 100.0


def series(text: str) -> int:
    """Samples of a page."""
    return sum(len(family.samples) for family in text_string_to_metric_families(text))


def scraped(port: int, times: int) -> dict[str, Any]:
    """Series of a port, milliseconds of a scrape, and CPU of its process meanwhile, which also does its work."""
    process = _listening(port)
    took, text, before = [], "", sum(process.cpu_times()[:2])
    for _ in range(times):
        begun = time.perf_counter()
        text = _get(port, "/metrics")
        took.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.05)
    took.sort()
    cpu = (sum(process.cpu_times()[:2]) - before) / times * 1000
    return {
        "series": series(text),
        "kilobytes": round(len(text) / 1000, 1),
        "cpu_ms": round(cpu, 1),
        "median_ms": round(median(took), 1),
        "p95_ms": round(took[int(0.95 * (times - 1))], 1),
    }


def _listening(port: int) -> psutil.Process:
    pids = [
        c.pid
        for c in psutil.net_connections("tcp")
        if c.laddr[1:] == (port,) and c.status == psutil.CONN_LISTEN
    ]
    return psutil.Process(pids[0])


def _get(port: int, path: str) -> str:
    """By a connection of its own.

    Raises:
        OSError: nobody answers, or not well.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise OSError(f"port {port} answers {answer.status}")
    return body.decode()


def measure(users: int, days: int, times: int, console: Console) -> dict[str, Any]:
    """Make a demo's deployment, and scrape it."""
    around = Surroundings()
    ports = dict(zip(described(), free_ports(len(described()), Random()), strict=True))
    given = {f"EBBWATCH_{port.setting.upper()}": str(number) for port, number in ports.items()}
    with deployment(console) as here:
        here.command("simulate", "--users", str(users), "--days", str(days), "--seed", "1")
        here.command("run", "--until-idle")
        here.command("batch", "run")
        log = here.home / "run.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [EBBWATCH, "run"], cwd=ROOT, env=here.environment() | given, stdout=output, stderr=output
            )
        try:
            _await(list(ports.values()), log)
            time.sleep(_SETTLE_S)
            found = {port.process: scraped(number, times) for port, number in ports.items()}
        finally:
            popen.terminate()
            popen.wait(_STOP_S)
        total = sum(each["series"] for each in found.values())
        return {
            "processes": found,
            "goals": {
                "series": Goal(total, MOST_SERIES),
                "slowest_p95_ms": Goal(max(each["p95_ms"] for each in found.values()), MOST_MS),
            },
            "conditions": around.describe(here.at) | {"users": users, "days": days, "scrapes": times},
        }


def _await(ports: list[int], log: Path) -> None:
    give_up = time.monotonic() + _START_S
    for port in ports:
        while True:
            try:
                _get(port, "/metrics")
                break
            except OSError as fault:
                if time.monotonic() > give_up:
                    raise WorkerError(f"port {port} does not answer: {log.read_text()[-1000:]}") from fault
                time.sleep(0.2)


def main(
    users: Annotated[int, typer.Option(min=10, help="simulated users")] = 2_000,
    days: Annotated[int, typer.Option(min=30, help="days of their events")] = 120,
    times: Annotated[int, typer.Option(min=5, help="scrapes of each port")] = 40,
    out: Annotated[Path | None, typer.Option(help="JSON file of the results")] = None,
) -> None:
    """Say how many series there are, and how long a scrape takes."""
    console = Console()
    found = measure(users, days, times, console)
    shown = table("scrapes", "process", "series", "kB", "CPU ms", "median ms", "p95 ms")
    for process, each in found["processes"].items():
        shown.add_row(process, *(str(value) for value in each.values()))
    console.print(shown)
    for name, goal in found["goals"].items():
        console.print(
            f"{name}: {goal.found:g} of at most {goal.at_most:g}, {'met' if goal.met else 'MISSED'}"
        )
    write("metrics", found, out, console)


if __name__ == "__main__":
    typer.run(main)
