"""``python -m benchmarks.archive``: how fast records become rows, and rows an archive, on one core and a folder."""

import tempfile
import time
from random import Random
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from archive.address import address_of
from archive.log import Part, open_or_create
from archive.reading import in_log_order
from archive.rows import Rows
from domain.events import EVENT_TYPES, Event, encode
from domain.records import Records, side_by_side
from domain.settings import FactSettings
from stream_processors.archiver_topic import Taken

START: Final = 1_704_067_200_000
BATCH: Final = 100_000


def main(
    events: Annotated[int, typer.Option(min=BATCH, help="events of one partition")] = 300_000,
) -> None:
    """Measure rows, appends with fsync, and reading in the log's order."""
    records = [made(n) for n in range(0, events, BATCH)]
    rows = Rows(0, 1, FactSettings())
    rows.table(0, records[0].part(0, 1000))
    shown = Table("", "events/s, CPU", "events/s, wall")
    with tempfile.TemporaryDirectory() as folder:
        archive = open_or_create(address_of(folder), "benchmark")
        begun = clocks()
        tables = [rows.table(n * BATCH, r) for n, r in enumerate(records)]
        shown.add_row("records to rows", *rates(events, begun))
        begun = clocks()
        for number, table in enumerate(tables):
            first = number * BATCH
            archive.append({0: Part(first, first + table.num_rows, table)})
        shown.add_row("rows to the archive, durable", *rates(events, begun))
        size = sum(file.size for file in archive.content())
        begun = clocks()
        assert sum(part.num_rows for part in in_log_order(archive, 0, 0)) == events
        shown.add_row("read in the log's order", *rates(events, begun))
    Console().print(shown, f"{size / events:.0f} bytes an event")


def made(first: int) -> Records:
    """A batch of events of a few days."""
    random = Random(first)
    types = list(EVENT_TYPES)
    taken = []
    for number in range(first, first + BATCH):
        user, at = f"user-{random.randrange(20_000)}", START + number * 2_000
        event = Event(
            event_id=f"{random.getrandbits(64):016x}",
            user_id=user,
            type=random.choice(types),
            time=at,
            session_id=f"{number // 7:08x}",
            platform=random.choice(("web", "ios", "android")),
            plan="pro",
            geography=random.choice(("de", "fr", "us")),
            amount=random.choice((None, None, 12.5)),
        )
        taken.append(Taken(user.encode(), encode(event), at))
    return side_by_side(taken)


def clocks() -> tuple[float, float]:
    """CPU and wall, seconds."""
    return time.process_time(), time.perf_counter()


def rates(events: int, begun: tuple[float, float]) -> tuple[str, str]:
    """Events a second since then."""
    cpu, wall = (now - then for now, then in zip(clocks(), begun, strict=True))
    return f"{events / cpu:,.0f}", f"{events / wall:,.0f}"


if __name__ == "__main__":
    typer.run(main)
