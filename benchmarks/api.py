"""``python -m benchmarks.api``: reading risk by HTTP, against a bare FastAPI route that reads one Redis key.

Both are served alike and asked in turns in the same run, by the same generator in a process of its own. The risk read
checks the key, counts metrics and gives three reasons in words; a recursive regression serves. The worker stands back
beside the API as in `ebbwatch run`.
"""

import gc
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final

import psutil
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks import bare_api
from benchmarks.cores import Cores
from benchmarks.deployment import TOPIC, Deployment, Worker, WorkerError, deployment, resident, working
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.http_load import Outcome
from benchmarks.load import Feed
from benchmarks.served import serving_version
from benchmarks.servers import Server, answering_api, new_key, serving
from benchmarks.speed import Speed
from ebbwatch.settings import Settings
from local_stack.ports import free_ports
from producers.publish import Publisher
from stream_processors.priority import stand_back

_SHARE: Final = 0.6
_TIMES: Final = 2.0
_P99_MS: Final = 25.0
_BULK_MS: Final = 50.0
_GROWTH: Final = 1.05
_USERS: Final = 2000
_DAYS: Final = 90
_ROUNDS: Final = 5
_CATCH_UP_S: Final = 15.0
_PATIENCE_S: Final = 600.0
_MORE: Final = 3_000_000
"""Events beside the worker's reads: made before, so that their making takes no core."""
_LATE_S: Final = 0.25
_CONNECTIONS: Final = 32


def measure(
    events: int, seconds: float, requests: int, console: Console, reads: float = 0.0, nice: int | None = None
) -> dict[str, Any]:
    """All of it; `seconds` for each load.

    Args:
        reads: a second beside the worker and at rest; 0 for half of the top.
        nice: how far the worker stands back; None for as far as in `ebbwatch run`.
    """
    around = Surroundings()
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        feed = Feed(events + _MORE, _DAYS, users=_USERS)
        feed.send(here, events, progress)
        speed, end = Speed(), here.end()
        with working(here) as worker:
            worker.until(lambda: here.read() >= end, _PATIENCE_S, lambda: speed.look(here.read()))
            speed.look(here.read())
        worker_rate = speed.records_per_second() * events / end / 2
        users = serving_version(here)
        token = new_key(here, "read")
        risk: dict[str, Any] = {"key": token, "paths": [f"/v1/users/{user}/risk" for user in users]}
        bare: dict[str, Any] = {"paths": ["/bare/somebody"]}
        here.store.set(bare_api.KEY, "0123456789")
        with _bare(here) as other, answering_api(here) as ours:
            tops = [
                (
                    other.load(seconds=seconds, connections=_CONNECTIONS, **bare),
                    ours.load(seconds=seconds, connections=_CONNECTIONS, **risk),
                )
                for _ in range(_ROUNDS)
            ]
            shares = [ours_.per_second / theirs.per_second for (theirs, _), (ours_, _) in tops]
            top_bare = statistics.median(pair[0][0].per_second for pair in tops)
            top_risk = statistics.median(pair[1][0].per_second for pair in tops)
            rate = reads or top_risk / 2
            idle_bare, _ = other.load(seconds=seconds, rate=rate, connections=_CONNECTIONS, **bare)
            idle_risk, _ = ours.load(seconds=seconds, rate=rate, connections=_CONNECTIONS, **risk)
            more = feed.take(_MORE)
            gc.freeze()  # a collection that walks through them all would delay the sender
            with working(here) as worker:
                _stand_back(worker, Settings().background_nice if nice is None else nice)
                with _sending(here, more, worker_rate) as sent:
                    # it has started, and has caught up with what came meanwhile, if others let it
                    give_up = time.monotonic() + _CATCH_UP_S
                    worker.until(
                        lambda: (
                            (sent() > worker_rate and _behind(here) < worker_rate * _LATE_S)
                            or time.monotonic() > give_up
                        ),
                        _PATIENCE_S,
                        lambda: None,
                    )
                    behind, before, begun = _behind(here), here.read(), time.monotonic()
                    here.store.config_set("latency-monitor-threshold", 1)
                    here.store.config_resetstat()
                    cores = Cores(_processes(here, ours, worker))
                    busy = [
                        ours.load(seconds=seconds, rate=rate, connections=_CONNECTIONS, **risk)[0]
                        for _ in range(_ROUNDS)
                    ]
                    kept = (here.read() - before) / (time.monotonic() - begun)
                    where = {"cores": cores.figures(), "redis": _redis(here)}
            bulk = _bulk(ours, token, users)
            memory = _memory(ours, risk, requests)
        figures = {
            "requests_per_second": {"bare": round(top_bare), "risk": round(top_risk)},
            "share": round(statistics.median(shares), 3),
            "share_of_rounds": _spread(shares),
            "cpu_microseconds": {
                "bare": round(statistics.median(pair[0][1] for pair in tops)),
                "risk": round(statistics.median(pair[1][1] for pair in tops)),
            },
            "rate": round(rate),
            "worker": {
                "sent_per_second": round(worker_rate),
                "read_per_second": round(kept),
                "behind_at_first": behind,
            },
            "beside_the_worker": where,
            "p99_ms_of_rounds_with_worker": _spread([one.milliseconds["p99"] for one in busy]),
            "milliseconds": {
                "bare, idle": idle_bare.milliseconds,
                "risk, idle": idle_risk.milliseconds,
                f"risk, worker at {worker_rate:,.0f} events/s": {
                    name: round(statistics.median(one.milliseconds[name] for one in busy), 3)
                    for name in busy[0].milliseconds
                },
                "1,000 users at once": bulk.milliseconds,
            },
            "memory": memory,
            "failed": sum(one.failed for one in (idle_bare, idle_risk, *busy, bulk)),
        }
        return figures | {"seconds": seconds, "users": len(users), "conditions": around.describe(here.at)}


@contextmanager
def _bare(here: Deployment) -> Iterator[Server]:
    (port,) = free_ports(1, Random())
    environment = os.environ | {bare_api.REDIS: here.at.redis, bare_api.PORT: str(port)}
    command = [sys.executable, "-m", "benchmarks.bare_api"]
    with serving(
        command, environment, here.home / "bare.log", port, "/bare/x", "benchmarks.bare_api"
    ) as server:
        yield server


def _stand_back(worker: Worker, nice: int) -> None:
    process = worker.process()
    assert process is not None
    stand_back(process.pid, nice)


def _spread(each: list[float]) -> dict[str, Any]:
    rounded = [round(one, 3) for one in each]
    return {"lowest": min(rounded), "highest": max(rounded), "each": rounded}


def _processes(here: Deployment, ours: Server, worker: Worker) -> dict[str, int]:
    """By name; the generator of requests is another one each time, and left out."""
    found = {"api": ours.process.pid, "events' sender": os.getpid()}
    if (process := worker.process()) is not None:
        found["worker"] = process.pid
    info: Any = here.store.info("server")
    found["redis"] = int(info["process_id"])
    for other in psutil.process_iter(["name", "cmdline"]):
        if other.info["name"] == "java" and any(str(here.home) in part for part in other.info["cmdline"]):
            found["kafka"] = other.pid
    return found


def _redis(here: Deployment) -> dict[str, float]:
    """What held Redis up, ms; all of it by the clock, so with what its thread waited for a core."""
    events: Any = here.store.execute_command("LATENCY", "LATEST")
    longest = {name.decode(): worst for name, _, _, worst in events}
    scripts: Any = here.store.info("commandstats").get("cmdstat_evalsha", {})  # type: ignore[union-attr]
    return {
        "script_ms_mean": round(scripts.get("usec_per_call", 0.0) / 1000, 3),
        "longest_command_ms": longest.get("command", 0),
        "longest_sync_ms": longest.get("aof-fsync-always", 0),
    }


def _behind(here: Deployment) -> int:
    """Records that the worker has yet to read."""
    return here.end() - here.read()


@contextmanager
def _sending(
    here: Deployment, events: Sequence[tuple[bytes, bytes, int]], rate: float
) -> Iterator[Callable[[], int]]:
    """Events at a rate from a thread; gives how many were sent so far."""
    stopping = threading.Event()
    sent = 0

    def send() -> None:
        nonlocal sent
        with Publisher(here.at.kafka, TOPIC, 12) as publisher:
            begun = time.perf_counter()
            while not stopping.is_set():
                due = int((time.perf_counter() - begun) * rate)
                for key, value, _ in events[sent:due]:
                    publisher.send(key, value)
                sent = due
                stopping.wait(0.01)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield lambda: sent
        if sent > len(events):
            raise WorkerError(f"all {len(events):,} events were sent before the measurement ended")
    finally:
        stopping.set()
        thread.join()


def _bulk(ours: Server, token: str, users: list[str]) -> Outcome:
    chosen = (users * (1000 // len(users) + 1))[:1000]
    more = [f"nobody-{number}" for number in range(1000 - len(set(chosen)))]
    body = json.dumps({"users": [*dict.fromkeys(chosen), *more]})
    job = {"key": token, "paths": ["/v1/users/risk"], "body": body, "connections": 1, "count": 100}
    return ours.load(**job, warm_up_s=0.2)[0]


def _memory(ours: Server, risk: dict[str, Any], requests: int) -> dict[str, Any]:
    """Megabytes after a tenth of the requests, and at the end; by tenths."""
    part = max(requests // 10, 1)
    series = []
    for _ in range(10):
        ours.load(count=part, connections=_CONNECTIONS, warm_up_s=0.0, **risk)
        series.append(round(resident(ours.process), 1))
    return {"requests": part * 10, "first_tenth_mb": series[0], "end_mb": series[-1], "series": series}


def main(
    events: Annotated[int, typer.Option(min=10_000, help="events in the store")] = 200_000,
    seconds: Annotated[float, typer.Option(min=1, help="of each load")] = 3.0,
    requests: Annotated[int, typer.Option(min=100, help="over which memory is watched")] = 100_000,
    short: Annotated[bool, typer.Option("--short", help="100,000 events, 2 seconds, 5,000 requests")] = False,
    rate: Annotated[float, typer.Option(min=0, help="reads a second; 0 for half of the top")] = 0.0,
    nice: Annotated[
        int | None, typer.Option(min=0, max=19, help="of the worker [default: as in `ebbwatch run`]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file [default: results/api.json]")] = None,
) -> None:
    """Measure reads of risk by HTTP."""
    console = Console(stderr=True)
    if short:
        events, seconds, requests = 100_000, 2.0, 5_000
    found = measure(events, seconds, requests, console, rate, nice)
    ms = found["milliseconds"]
    busy = next(name for name in ms if "worker" in name)
    goals = {
        "bare over risk, requests a second": Goal(1 / found["share"], 1 / _SHARE),
        "risk over bare at half the top, p99": Goal(
            ms["risk, idle"]["p99"] / ms["bare, idle"]["p99"], _TIMES
        ),
        "risk with the worker at half its rate, p99, ms": Goal(ms[busy]["p99"], _P99_MS),
        "1,000 users at once, p99, ms": Goal(ms["1,000 users at once"]["p99"], _BULK_MS),
        "memory at the end over that after a tenth": Goal(
            found["memory"]["end_mb"] / found["memory"]["first_tenth_mb"], _GROWTH
        ),
        "requests that failed": Goal(found["failed"], 0),
    }
    found["goals"] = goals_json(goals)
    each = found["requests_per_second"]
    shown = table(
        f"bare {each['bare']:,} requests/s, risk {each['risk']:,}; milliseconds at {found['rate']:,} requests/s",
        "", *ms["risk, idle"],
    )  # fmt: skip
    for way, quantiles in ms.items():
        shown.add_row(way, *(f"{value:,.1f}" for value in quantiles.values()))
    Console().print(shown, goals_table(goals))
    write("api", found, out, console)


if __name__ == "__main__":
    typer.run(main)
