"""``python -m benchmarks.roundtrip``: from an event that is pushed by HTTP to the risk that is read by HTTP.

Events come at a steady rate in small batches. The first event of each batch is of a user who was never seen; that
user's risk is asked for until it is there. A latency counts from when the batch was due, so that whoever is kept
waiting is counted (no coordinated omission).
"""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any, Final

import aiohttp
import msgspec
import numpy as np
import typer
from rich.console import Console

from benchmarks.deployment import WorkerError, deployment, working
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, write
from benchmarks.servers import answering_api, new_key

_BATCH: Final = 10
_P99_MS: Final = 500.0
_LOOK_S: Final = 0.005
_GIVE_UP_S: Final = 10.0
_USERS: Final = 2000
_QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


class Seen(msgspec.Struct, frozen=True):
    """Of one batch, seconds since it was due."""

    accepted: float
    readable: float


def measure(rate: int, seconds: float, console: Console) -> dict[str, Any]:
    """Push `rate` events a second for so long."""
    around = Surroundings()
    with deployment(console) as here:
        here.begin()
        key = new_key(here, "ingest", "read")
        with answering_api(here) as server, working(here) as worker:
            asyncio.run(_push(server.port, key, _BATCH, 1))  # the worker is there once this is readable
            worker.check()
            seen = asyncio.run(_push(server.port, key, rate, int(rate * seconds / _BATCH)))
        figures = {
            name: {q: round(float(np.quantile(values, p)) * 1000, 1) for q, p in _QUANTILES.items()}
            for name, values in (
                ("due to accepted", [one.accepted for one in seen]),
                ("due to readable", [one.readable for one in seen]),
            )
        }
        return {
            "events_per_second": rate,
            "batch": _BATCH,
            "probes": len(seen),
            "milliseconds": figures,
            "conditions": around.describe(here.at),
        }


async def _push(port: int, key: str, rate: int, batches: int) -> list[Seen]:
    pause, begun = _BATCH / rate, time.perf_counter()
    headers = {"Authorization": f"Bearer {key}"}
    base, run = f"http://127.0.0.1:{port}", f"{time.time_ns():x}"
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(base, headers=headers, connector=connector) as session:
        tasks = []
        for number in range(batches):
            due = begun + number * pause
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(_one(session, f"{run}-{number}", number, due)))
        return await asyncio.gather(*tasks)


async def _one(session: aiohttp.ClientSession, probe: str, number: int, due: float) -> Seen:
    now = int(time.time() * 1000)
    users = [probe, *(f"user-{(number * _BATCH + n) % _USERS}" for n in range(1, _BATCH))]
    events = [
        {"event_id": f"{probe}-{n}", "user_id": user, "type": "page_view", "time": now}
        for n, user in enumerate(users)
    ]
    async with session.post("/v1/events", json=events) as answer:
        if answer.status != 200:
            raise WorkerError(f"events are answered with {answer.status}: {await answer.text()}")
    accepted = time.perf_counter() - due
    while True:
        async with session.get(f"/v1/users/{probe}/risk") as answer:
            took = time.perf_counter() - due
            if answer.status == 200:
                return Seen(accepted, took)
        if took > _GIVE_UP_S and number:
            raise WorkerError(f"after {took:.0f} s the risk cannot be read")
        await asyncio.sleep(_LOOK_S)


def main(
    rate: Annotated[int, typer.Option(min=_BATCH, help="events a second")] = 500,
    seconds: Annotated[float, typer.Option(min=1, help="how long")] = 30.0,
    out: Annotated[Path | None, typer.Option(help="JSON file [default: results/roundtrip.json]")] = None,
) -> None:
    """Measure how soon an event that is pushed changes the risk that is read."""
    console = Console(stderr=True)
    found = measure(rate, seconds, console)
    goals = {"due to readable, p99, ms": Goal(found["milliseconds"]["due to readable"]["p99"], _P99_MS)}
    found["goals"] = goals_json(goals)
    Console().print(goals_table(goals))
    write("roundtrip", found, out, console)


if __name__ == "__main__":
    typer.run(main)
