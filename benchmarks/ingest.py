"""``python -m benchmarks.ingest``: how many events a second one API process takes, in batches of 100.

Beside it the limit: the same producer with the same batches, without HTTP, in the same run. Both wait for Kafka's
acknowledgement of each batch, with as many batches under way. What was answered is compared with what the log holds.
"""

import asyncio
import gzip
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import typer
from rich.console import Console

from api.access.secrets import make
from benchmarks.deployment import PARTITIONS, Deployment, WorkerError, deployment
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.stream.contestants import ROOT
from control import tables
from domain.control import ApiKey
from domain.events import Event, encode
from producers.acknowledged import AcknowledgedProducer, Outgoing
from producers.topics import ensure_topics

_BATCH: Final = 100
_BODIES: Final = 200
_USERS: Final = 5_000
_CONNECTIONS: Final = 16
_PORT: Final = 18_437
_START_S: Final = 60.0
_WARM_UP_S: Final = 1.0
_MOST_MICROSECONDS: Final = 50.0  # 20,000 events a second
_BARE_TOPIC: Final = "bare-events"


class Span(NamedTuple):
    """One measurement."""

    events: int
    seconds: float
    milliseconds: list[float]
    """Of each batch, from the first byte sent to the answer."""


def events(start_ms: int) -> Iterator[list[Event]]:
    """Batches of what apps send, each a batch of page views, uses of features and purchases."""
    number = 0
    for _ in range(_BODIES):
        batch = []
        for _ in range(_BATCH):
            number += 1
            kind = ("page_view", "feature_use", "page_view", "purchase")[number % 4]
            batch.append(
                Event(
                    event_id=f"b1e7{number:012x}", user_id=f"user-{number * 7919 % _USERS}", type=kind,
                    time=start_ms + number, platform="web", session_id=f"s{number % 977}",
                    amount=19.9 if kind == "purchase" else None,
                )
            )  # fmt: skip
        yield batch


def request(body: bytes, key: str, encoding: str) -> bytes:
    """As it goes over the wire."""
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    return (head + (f"Content-Encoding: {encoding}\r\n" if encoding else "") + "\r\n").encode() + body


async def over_http(requests: Sequence[bytes], seconds: float) -> Span:
    """Keep-alive connections, each with one batch under way at a time."""
    turn = cycle(requests)
    took: list[float] = []
    begun = time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", _PORT)
        while time.perf_counter() - begun < seconds:
            sent = time.perf_counter()
            writer.write(next(turn))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200") or b'"rejected":0' not in body[:60]:
                raise WorkerError(f"the API answered {head[:60]!r} {body[:200]!r}")
            took.append((time.perf_counter() - sent) * 1000)
        writer.close()

    await asyncio.gather(*(one() for _ in range(_CONNECTIONS)))
    return Span(len(took) * _BATCH, time.perf_counter() - begun, took)


async def without_http(
    producer: AcknowledgedProducer, batches: Sequence[list[Outgoing]], seconds: float
) -> Span:
    """The same batches, handed to the producer."""
    turn = cycle(batches)
    took: list[float] = []
    begun = time.perf_counter()

    async def one() -> None:
        while time.perf_counter() - begun < seconds:
            sent = time.perf_counter()
            await producer.send(_BARE_TOPIC, next(turn))
            took.append((time.perf_counter() - sent) * 1000)

    await asyncio.gather(*(one() for _ in range(_CONNECTIONS)))
    return Span(len(took) * _BATCH, time.perf_counter() - begun, took)


@contextmanager
def serving(here: Deployment) -> Iterator[int]:
    """`ebbwatch api` of one process; gives its supervisor's process id."""
    environment = here.environment() | {"EBBWATCH_API_PORT": str(_PORT), "EBBWATCH_API_PER_SECOND": "0"}
    with (here.home / "api.log").open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", "ebbwatch", "api"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            yield popen.pid
        finally:
            popen.terminate()
            popen.wait(30)


def key_for(here: Deployment) -> str:
    """A key as the notifier would have projected it."""
    token = make()
    key = ApiKey(id=token.id, name="bench", digest=token.digest, scopes=("ingest",), created=0)
    here.store.hset(tables.KEYS, token.id, msgspec.json.encode(key))
    return token.text


@asynccontextmanager
async def producing(here: Deployment) -> AsyncIterator[AcknowledgedProducer]:
    """The API's producer, in this process."""
    producer = AcknowledgedProducer(here.at.kafka)
    producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def until_served(one: bytes) -> None:
    """Wait until the API answers.

    Raises:
        WorkerError: it does not.
    """
    give_up = time.monotonic() + _START_S
    while True:
        try:
            await over_http([one], 0.1)
        except (OSError, asyncio.IncompleteReadError, WorkerError) as fault:
            if time.monotonic() > give_up:
                raise WorkerError(f"the API does not answer: {fault}") from fault
            await asyncio.sleep(0.25)
        else:
            return


async def measured(here: Deployment, rounds: int, seconds: float) -> dict[str, list[Span]]:
    """All ways in turn, `rounds` times."""
    batches = list(events(time.time_ns() // 1_000_000 - 3_600_000))
    bodies = [msgspec.json.encode(batch) for batch in batches]
    key = key_for(here)
    plain = [request(body, key, "") for body in bodies]
    packed = [request(gzip.compress(body, 6, mtime=0), key, "gzip") for body in bodies]
    records = [[Outgoing(e.user_id.encode(), encode(e)) for e in batch] for batch in batches]
    found: dict[str, list[Span]] = {"http": [], "http_gzip": [], "producer_alone": []}
    async with producing(here) as producer:
        await until_served(plain[0])
        await over_http(plain, _WARM_UP_S)
        await without_http(producer, records, _WARM_UP_S)
        end = here.end()
        for _ in range(rounds):
            found["http"].append(await over_http(plain, seconds))
            found["http_gzip"].append(await over_http(packed, seconds))
            found["producer_alone"].append(await without_http(producer, records, seconds))
    answered = sum(span.events for way in ("http", "http_gzip") for span in found[way])
    if here.end() - end != answered:
        raise WorkerError(f"{answered:,} events were answered, the log grew by {here.end() - end:,}")
    return found


def measure(rounds: int, seconds: float, console: Console) -> dict[str, Any]:
    """Rates, their ratio, and how long a batch takes."""
    around = Surroundings()
    with deployment(console) as here:
        here.begin()
        ensure_topics(here.at.kafka, _BARE_TOPIC, PARTITIONS, "dead-letters")
        with serving(here):
            found = asyncio.run(measured(here, rounds, seconds))
        rates = {
            way: statistics.median(span.events / span.seconds for span in spans)
            for way, spans in found.items()
        }
        return {
            "batch": _BATCH,
            "connections": _CONNECTIONS,
            "topic_partitions": PARTITIONS,
            "events_per_second": {way: round(rate) for way, rate in rates.items()},
            "ratio_to_producer_alone": round(rates["http"] / rates["producer_alone"], 3),
            "milliseconds_per_batch": {way: _quantiles(spans) for way, spans in found.items()},
            "conditions": around.describe(here.at),
        }


def _quantiles(spans: list[Span]) -> dict[str, float]:
    took = sorted(ms for span in spans for ms in span.milliseconds)
    return {f"p{q}": round(took[min(len(took) - 1, len(took) * q // 100)], 2) for q in (50, 90, 99)}


def main(
    rounds: Annotated[int, typer.Option(min=1, help="of each way, in turn")] = 5,
    seconds: Annotated[float, typer.Option(min=0.5, help="of each round")] = 5.0,
    short: Annotated[bool, typer.Option("--short", help="one round of a second")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file [default: results/ingest.json]")] = None,
) -> None:
    """Measure how many events a second one API process takes."""
    console = Console(stderr=True)
    found = measure(1, 1.0, console) if short else measure(rounds, seconds, console)
    rates = found["events_per_second"]
    goals = {"microseconds an event": Goal(1e6 / rates["http"], _MOST_MICROSECONDS)}
    found["goals"] = goals_json(goals)
    title = f"batches of {_BATCH}, {_CONNECTIONS} at once, on {os.cpu_count()} cores"
    shown = table(title, "", "events/s", "p50 ms", "p90 ms", "p99 ms")
    for way, rate in rates.items():
        spans = found["milliseconds_per_batch"][way].values()
        shown.add_row(way.replace("_", " "), f"{rate:,}", *(f"{ms:,.1f}" for ms in spans))
    Console().print(shown, goals_table(goals))
    write("ingest", found, out, console)


if __name__ == "__main__":
    typer.run(main)
