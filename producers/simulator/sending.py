"""A simulation into Kafka, with clock marks in between."""

from collections.abc import Callable, Iterator

from producers.replay.send import Pace, Sink, send
from producers.replay.spool import Spooled
from producers.simulator.simulation import Chunk, Simulation


def send_all(
    simulation: Simulation,
    sink: Sink,
    *,
    mark_every_ms: int,
    pace: Pace | None = None,
    chunk_done: Callable[[Chunk], None] = lambda _: None,
) -> int:
    """Send all events and marks; returns how many marks were written.

    The last mark stands at the span's end, so that silence there counts; in a stream that ends after a wanted number
    of events, it stands behind the last event.

    Args:
        mark_every_ms: event time between two marks.
        chunk_done: told after each chunk.
    """

    def events() -> Iterator[Spooled]:
        for chunk in simulation.chunks():
            yield from map(Spooled, chunk.times.tolist(), chunk.keys, chunk.values)
            chunk_done(chunk)

    marks = send(events(), sink, mark_every_ms=mark_every_ms, pace=pace)
    if simulation.limit is None:
        sink.mark(simulation.end_ms)
        marks += 1
    return marks
