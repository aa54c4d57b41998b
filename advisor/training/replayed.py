"""The events of a file through the same path as the stream's, in event time, without a broker."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pyarrow.parquet as pq

from advisor.training.errors import TooShortError
from advisor.training.refitting import AT, Refitting
from domain.calendar import DAY_MS
from domain.events import Event
from domain.labels import delay_ms
from domain.settings import FactSettings
from online_model.training.past import Past, Watched
from producers.replay.send import send
from producers.replay.spool import Spooled
from producers.validate import encoded

LEARNING: Final = "predicting, then learning"
MARK_EVERY_MS: Final = 3_600_000
"""As `ebbwatch evaluate` has it."""
WEEK_DAYS: Final = 7
_KEPT_DAYS: Final = 3 * WEEK_DAYS
"""Snapshots come weekly: so many days hold one that is a week old, and less than two."""
_ROWS: Final = 20_000
_LABELS: Final = ("type", "product", "order_id", "channel", "plan", "platform", "geography", "category")


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """What came of it."""

    facts: FactSettings
    first_ms: int
    last_ms: int
    watched: Watched

    @property
    def middle_ms(self) -> int:
        """Where the second half of the time span begins, on which all is judged."""
        return (self.first_ms + self.last_ms) // 2


def replayed(
    events: Path,
    facts: FactSettings,
    contestants: tuple[str, ...],
    seed: int,
    learners: tuple[str, ...] = (),
    progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> Replayed:
    """Everything that the stream would have done with the events.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
        learners: kinds of batch learners that take part.
        progress: told now and then what is done and how much of all, 0 to 1; what it raises ends the work.

    Raises:
        TooShortError: no outcome of the second half of the time span could be known.
    """
    table = pq.read_table(events, columns=["time_ms"])["time_ms"].to_numpy()
    first, last, total = int(table[0]), int(table[-1]), len(table)
    if last - first < 2 * delay_ms(facts):
        raise TooShortError(
            f"The file spans {(last - first) / DAY_MS:,.0f} days; with a horizon of {facts.horizon_ms / DAY_MS:g} "
            f"days at least {-(-2 * delay_ms(facts) // DAY_MS) + WEEK_DAYS} are needed: send a longer time, or "
            "choose a shorter horizon."
        )
    done = 0

    def through(more: int) -> None:
        nonlocal done
        done += more
        progress(LEARNING, min(done / total, 1.0))

    refitting = Refitting(learners, facts, seed)
    past = Past(
        facts, contestants, seed, keep_features=True, keep_days=_KEPT_DAYS, done=through,
        load_candidate=refitting.load,
    )  # fmt: skip
    moments = [first + round(share * (last - first)) for share in AT] if learners else []

    def refitted(spooled: Iterator[Spooled]) -> Iterator[Spooled]:
        for event in spooled:
            while moments and event.time >= moments[0]:
                moments.pop(0)
                refitting(past, lambda kind: progress(f"fitting {kind}", done / total))
            yield event

    send(refitted(_spooled(events)), past, mark_every_ms=MARK_EVERY_MS)
    return Replayed(facts=facts, first_ms=first, last_ms=last, watched=past.finish(last))


def _spooled(path: Path) -> Iterator[Spooled]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            for row in batch.to_pylist():
                yield Spooled(row["time_ms"], row["user"].encode(), encoded(_event(row)))


def _event(row: dict[str, object]) -> Event:
    given = {name: row[name] for name in (*_LABELS, "amount", "quantity") if row.get(name) is not None}
    return msgspec.convert(
        {"event_id": f"row:{row['row']}", "user_id": row["user"], "time": row["time_ms"], **given}, Event
    )
