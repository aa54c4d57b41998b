"""Medians, the JSON file and the table."""

import statistics
from typing import Any

import msgspec
from rich.table import Table

from benchmarks.stream.contestants import LIMIT, OURS, PEERS
from benchmarks.stream.events import Loaded
from benchmarks.stream.match import Figures


def summary(runs: dict[str, list[Figures]], loaded: dict[str, Loaded]) -> dict[str, Any]:
    """Results of one distribution, by contestant."""
    full = max(loaded.values(), key=lambda topic: topic.events)
    return {
        "events_per_second": {name: _median(figures, "events_per_second") for name, figures in runs.items()},
        "ratios": _ratios({name: _median(figures, "events_per_second") for name, figures in runs.items()}),
        "events": {name: loaded[name].events for name in runs},
        "users": full.users,
        "clock_marks": full.marks,
        "cpu_microseconds_per_event": {
            name: round(_median(figures, "cpu_seconds") / loaded[name].events * 1e6, 2)
            for name, figures in runs.items()
        },
        "redis_cpu_microseconds_per_event": {
            name: round(_median(figures, "redis_cpu_seconds") / loaded[name].events * 1e6, 2)
            for name, figures in runs.items()
        },
        "runs": {name: msgspec.to_builtins(figures) for name, figures in runs.items()},
    }


def _median(figures: list[Figures], field: str) -> float:
    return float(round(statistics.median(getattr(one, field) for one in figures), 3))


def _ratios(speeds: dict[str, float]) -> dict[str, float]:
    """This project's speed over the best peer's and over the limit, as far as they took part."""
    if OURS not in speeds:
        return {}
    peers = [speed for name, speed in speeds.items() if name not in (OURS, LIMIT)]
    ratios = {"to_best_peer": round(speeds[OURS] / max(peers), 3)} if peers else {}
    if LIMIT in speeds:
        ratios["to_limit"] = round(speeds[OURS] / speeds[LIMIT], 3)
    return ratios


def notes(names: list[str]) -> dict[str, str]:
    """How each peer keeps its state and where it does less."""
    return {name: PEERS[name].note for name in names if name in PEERS}


def table(distribution: str, found: dict[str, Any]) -> Table:
    """For people: fastest first, each against this project's worker, or against the fastest."""
    speeds: dict[str, float] = found["events_per_second"]
    base = speeds.get(OURS, max(speeds.values()))
    shown = Table(title=f"{distribution}: {found['users']:,} users", title_justify="left")
    for heading in ("contestant", "events/s", "runs", "relative", "CPU µs/event", "Redis µs/event"):
        shown.add_column(heading, justify="left" if heading == "contestant" else "right")
    for name in sorted(speeds, key=lambda name: -speeds[name]):
        each = [figures["events_per_second"] for figures in found["runs"][name]]
        shown.add_row(
            name,
            f"{speeds[name]:,.0f}",
            f"{min(each):,.0f}–{max(each):,.0f}" if len(each) > 1 else "1",
            f"{speeds[name] / base:.2f}",
            f"{found['cpu_microseconds_per_event'][name]:.1f}",
            f"{found['redis_cpu_microseconds_per_event'][name]:.1f}",
        )
    return shown
