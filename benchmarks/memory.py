"""``python -m benchmarks.memory``: what a user costs in Redis, with a million of them.

Two moments: all users at risk, with ranking and timers; then, a month of silence later, all of them gone. Beside
it, in the same Redis, the plain way: a hash for each user with the same figures under their names.
"""

from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from redis import Redis
from rich.console import Console
from rich.progress import Progress

from benchmarks.deployment import PARTITIONS, TOPIC, Deployment, WorkerError, deployment, working
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.load import Feed
from benchmarks.plain_hash import store_plainly
from domain.calendar import DAY_MS
from domain.packing import unpack
from feature_store import stream
from feature_store.keys import Keys
from feature_store.served import facts
from producers.publish import Publisher

_AT_RISK_BYTES: Final = 1200.0
_GONE_BYTES: Final = 300.0
_EVENTS_PER_USER: Final = 10
_DAYS: Final = 28
_SILENCE_DAYS: Final = 32
_PATIENCE_S: Final = 1800.0
_SAMPLE: Final = 20_000
_EVENT_BANDS: Final = (0, 1, 4, 16, 64, 256, 1 << 31)


def used(store: Redis) -> int:
    """Bytes that Redis has taken for data and all that belongs to it, without what it has not given back."""
    return int(store.info("memory")["used_memory"])


def by_key(store: Redis, served: stream.Stream) -> dict[str, int]:
    """Bytes by kind of key over all partitions, by Redis's own estimate from samples of each."""
    found: dict[str, int] = {}
    for partition in range(served.partitions):
        for key in Keys(served.generation, partition).all():
            kind = key.rpartition(":")[2]
            size = store.memory_usage(key, samples=500)
            found[kind] = found.get(kind, 0) + int(size or 0)
    return found


def record_lengths(store: Redis, served: stream.Stream, most: int) -> Iterator[tuple[bytes, bytes]]:
    """User id and packed record of the first users of each partition, `most` in all."""
    for partition in range(served.partitions):
        users = store.hscan_iter(served.keys(partition).users, count=1000)
        yield from islice(users, most // served.partitions)


def _by_events(stored: list[bytes]) -> dict[str, Any]:
    """Mean length of stored users by how many events they have had: heavy users cost more."""
    events = unpack(facts(stored))["events"]
    lengths = np.array([len(value) for value in stored])
    found: dict[str, Any] = {}
    for low, high in pairwise(_EVENT_BANDS):
        band = lengths[(events >= low) & (events < high)]
        if len(band):
            found[f"{low}-{high - 1}"] = {
                "share": round(len(band) / len(stored), 4),
                "bytes": round(band.mean()),
            }
    return found


def moment(here: Deployment, empty: int) -> dict[str, Any]:
    """What all users cost now."""
    served = stream.load(here.store)
    assert served is not None
    totals = here.totals()
    records = dict(record_lengths(here.store, served, _SAMPLE))
    taken = used(here.store) - empty
    return {
        "users": totals.users,
        "at_risk": totals.at_risk,
        "bytes": taken,
        "bytes_per_user": round(taken / totals.users, 1),
        "bytes_per_user_at_risk": round(taken / totals.at_risk, 1) if totals.at_risk else None,
        "bytes_per_user_by_key": {
            kind: round(size / totals.users, 1) for kind, size in by_key(here.store, served).items()
        },
        "stored_bytes_by_events": _by_events(list(records.values())),
        "record_bytes_mean": round(sum(map(len, records.values())) / len(records), 1),
        "user_id_bytes_mean": round(sum(map(len, records)) / len(records), 1),
    }


def measure(users: int, console: Console) -> dict[str, Any]:
    """Fill Redis, measure, let all users go, measure again."""
    around = Surroundings()
    events = users * _EVENTS_PER_USER
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        empty = used(here.store)
        task = progress.add_task("sizing the simulation", total=None)
        feed = Feed(events, _DAYS, users)
        sent = feed.send(here, events, progress)
        progress.update(task, description="processing", total=here.end())
        with working(here) as worker:

            def processed() -> bool:
                read = here.read()
                progress.update(task, completed=read)
                return read >= end

            end = here.end()
            worker.until(processed, _PATIENCE_S, lambda: None)
        at_risk = moment(here, empty)
        plain = store_plainly(here, _SAMPLE)
        progress.update(task, description="letting all users go")
        with Publisher(here.at.kafka, TOPIC, PARTITIONS) as publisher:
            publisher.mark(feed.last_ms + _SILENCE_DAYS * DAY_MS, visits=users)
        with working(here) as worker:
            end = here.end()
            worker.until(processed, _PATIENCE_S, lambda: None)
        gone = moment(here, empty)
        if gone["at_risk"]:
            raise WorkerError(
                f"{gone['at_risk']:,} users are still at risk after {_SILENCE_DAYS} days of silence"
            )
        return {
            "events": sent,
            "all_users": at_risk,
            "all_gone": gone,
            "plain_hash": plain,
            "conditions": around.describe(here.at),
        }


def goals_of(found: Mapping[str, Any]) -> dict[str, Goal]:
    """Everything counted; all bytes shared by the users at risk alone are an upper bound of what one costs."""
    return {
        "bytes per user": Goal(found["all_users"]["bytes_per_user"], _AT_RISK_BYTES),
        "all bytes per user at risk": Goal(found["all_users"]["bytes_per_user_at_risk"], _AT_RISK_BYTES),
        "bytes per gone user": Goal(found["all_gone"]["bytes_per_user"], _GONE_BYTES),
    }


def main(
    users: Annotated[int, typer.Option(min=1000, help="users; ten events each on average")] = 1_000_000,
    short: Annotated[bool, typer.Option("--short", help="only 20,000 users")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file [default: results/memory.json]")] = None,
) -> None:
    """Measure the memory that users take in Redis."""
    console = Console(stderr=True)
    found = measure(20_000 if short else users, console)
    goals = goals_of(found)
    found["goals"] = goals_json(goals)
    shown = table(f"bytes per user in Redis, {found['all_users']['users']:,} users", "", "all", "all gone")
    moments = (found["all_users"], found["all_gone"])
    shown.add_row("everything", *(f"{m['bytes_per_user']:,.0f}" for m in moments))
    for kind in moments[0]["bytes_per_user_by_key"]:
        shown.add_row(f"  {kind}", *(f"{m['bytes_per_user_by_key'].get(kind, 0):,.0f}" for m in moments))
    shown.add_row("packed record alone", *(f"{m['record_bytes_mean']:,.0f}" for m in moments))
    shown.add_row("users at risk", *(f"{m['at_risk']:,}" for m in moments))
    plain = found["plain_hash"]
    shown.add_row("plain hash of all features", f"{plain['bytes_per_user']:,.0f}", "")
    shown.add_row("plain hash without zeros", f"{plain['bytes_per_user_without_zeros']:,.0f}", "")
    Console().print(shown, goals_table(goals))
    write("memory", found, out, console)


if __name__ == "__main__":
    typer.run(main)
