"""``python -m benchmarks.latency``: how long until an event that Kafka has accepted shows in a user's score.

At half of the top rate that is measured in the same run. The physical limit beside it: the same events at
the same rate through Kafka alone, from a producer to a consumer that does nothing.
"""

import gc
import time
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.arrivals import Floats, Probes, Watch, at_wall_speed, bare, positions, send
from benchmarks.deployment import PARTITIONS, TOPIC, Deployment, WorkerError, deployment, working
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.load import Feed
from benchmarks.speed import Speed
from producers.topics import ensure_topics

_P99_MS: Final = 250.0
_WARM_UP_S: Final = 5.0
_PATIENCE_S: Final = 900.0
_BARE_REST_S: Final = 1.0
_MOST_RATE: Final = 60_000.0
_BARE_TOPIC: Final = "bare-events"
_DAYS: Final = 180
_QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}


def measure(events: int, seconds: float, console: Console) -> dict[str, Any]:
    """Top rate on `events` events; then `seconds` at half of it, through the worker and through Kafka alone."""
    around = Surroundings()
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        task = progress.add_task("top rate", total=None)
        feed = Feed(events + int(_MOST_RATE * (seconds + _WARM_UP_S)), _DAYS)
        feed.send(here, events, progress)
        speed = Speed()
        end = here.end()
        with working(here) as worker:
            worker.until(lambda: here.read() >= end, _PATIENCE_S, lambda: speed.look(here.read()))
            speed.look(here.read())
            top = speed.records_per_second() * events / end
            rate = min(top / 2, _MOST_RATE)
            console.print(f"top rate {top:,.0f} events/s; now {rate:,.0f} events/s", style="dim")
            begin_ms = feed.last_ms + 1
            coming = at_wall_speed(feed.take(int(rate * (seconds + _WARM_UP_S))), begin_ms, rate)
            gc.freeze()  # a collection that walks through them all would delay the sender
            progress.update(task, description="through the worker")
            with Watch(positions, here.at.redis, TOPIC) as watch:
                probes = send(here.at.kafka, TOPIC, coming, rate)
                last = here.end()
                worker.until(lambda: here.read() >= last, _PATIENCE_S, lambda: None)
        readable = figures(probes, watch.reached.seen(probes))
        sent, took = probes.events, probes.seconds
        _require_applied(here, events + sent)
        progress.update(task, description="through Kafka alone")
        ensure_topics(here.at.kafka, _BARE_TOPIC, PARTITIONS, "dead-letters")
        with Watch(bare, here.at.kafka, _BARE_TOPIC) as watch:
            probes = send(here.at.kafka, _BARE_TOPIC, coming, rate)
            time.sleep(_BARE_REST_S)
        return {
            "top_events_per_second": round(top),
            "events_per_second": round(sent / took),
            "seconds": seconds,
            "milliseconds": {
                "readable": readable,
                "kafka_alone": figures(probes, watch.reached.seen(probes)),
            },
            "conditions": around.describe(here.at),
        }


def figures(probes: Probes, seen: Floats) -> dict[str, Any]:
    """Milliseconds from when an event was to be sent, and from when Kafka had accepted it, by quantile."""
    due, accepted = np.array(probes.due), np.array(probes.accepted)
    warm = due >= due.min() + _WARM_UP_S
    if np.isnan(seen[warm]).any():
        raise WorkerError(f"{np.isnan(seen[warm]).sum():,} of {warm.sum():,} probes never came through")
    return {
        "probes": int(warm.sum()),
        "from_when_due": _quantiles((seen - due)[warm]),
        "from_accepted": _quantiles(np.maximum(seen - accepted, 0.0)[warm]),
        "due_to_accepted": _quantiles((accepted - due)[warm]),
    }


def _quantiles(seconds: Floats) -> dict[str, float]:
    return {name: round(float(np.quantile(seconds, q)) * 1000, 2) for name, q in _QUANTILES.items()}


def _require_applied(here: Deployment, events: int) -> None:
    outcomes = here.totals().outcomes
    if outcomes.get("applied") != events:
        raise WorkerError(f"{events:,} events were sent, their outcomes are {outcomes}")


def main(
    events: Annotated[
        int, typer.Option(min=10_000, help="events that the top rate is measured on")
    ] = 500_000,
    seconds: Annotated[float, typer.Option(min=1, help="at half of the top rate, each time")] = 20.0,
    short: Annotated[bool, typer.Option("--short", help="50,000 events, 3 seconds")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file [default: results/latency.json]")] = None,
) -> None:
    """Measure the time from an event's acceptance to the readable score."""
    console = Console(stderr=True)
    found = measure(50_000, 3.0, console) if short else measure(events, seconds, console)
    measured = found["milliseconds"]
    goals = {
        "accepted to readable, p99, ms": Goal(measured["readable"]["from_accepted"]["p99"], _P99_MS),
        "due to readable, p99, ms": Goal(measured["readable"]["from_when_due"]["p99"], _P99_MS),
    }
    found["goals"] = goals_json(goals)
    title = f"milliseconds at {found['events_per_second']:,} events/s, half of the top rate"
    shown = table(title, "", *_QUANTILES)
    for way, spans in measured.items():
        for span in ("from_accepted", "from_when_due"):
            shown.add_row(f"{way}, {span}".replace("_", " "), *(f"{ms:,.1f}" for ms in spans[span].values()))
    Console().print(shown, goals_table(goals))
    write("latency", found, out, console)


if __name__ == "__main__":
    typer.run(main)
