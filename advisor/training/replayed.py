"""The events of a file through the same path as the stream's, in event time, without a broker."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow.parquet as pq

from advisor.training.errors import TooShortError
from advisor.training.paused import Paused
from advisor.training.reached import Way
from advisor.training.refitting import AT, Refitting
from domain.calendar import DAY_MS
from domain.events import Event
from domain.labels import delay_ms
from domain.settings import FactSettings
from online_model.training.past import LINEAGE, Past, Watched
from producers.replay.send import send
from producers.replay.spool import Spooled
from producers.validate import encoded

LEARNING: Final = "predicting, then learning"
MARK_EVERY_MS: Final = 3_600_000
"""As `ebbwatch evaluate` has it."""
WEEK_DAYS: Final = 7
_KEPT_DAYS: Final = 3 * WEEK_DAYS
"""Snapshots come weekly: so many days hold one that is a week old, and less than two."""
MOST_FEATURES: Final = 150_000
"""Snapshots on which rules are found, batch learners are fitted and errors are told by label: an even sample, since
100,000 customers have some millions of them within a year."""
_ROWS: Final = 20_000
_PARTS: Final = 5
"""Of the events, after each of which a training is kept: what a kill costs, against some MB to write for each."""
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
    paused: Path | None = None,
) -> Replayed:
    """Everything that the stream would have done with the events.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
        learners: kinds of batch learners that take part.
        paused: folder from which a training goes on that did not end, if it was one of these facts, contestants,
            learners and seed; and where this one is kept now and then. None keeps nothing.
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
    done = known = 0

    def through(more: int) -> None:
        nonlocal done
        done += more
        progress(LEARNING, min(max(done, known) / total, 1.0))

    refitting = Refitting(learners, facts, seed)

    def made(folder: Path | None = None, key: bytes = b"") -> Past:
        return Past(
            facts, contestants, seed, keep_features=True, most_features=MOST_FEATURES, keep_days=_KEPT_DAYS,
            done=through, load_candidate=refitting.load, folder=folder, key=key,
        )  # fmt: skip

    pausing = (
        Paused(
            paused, Way(facts=facts, contestants=contestants, learners=learners, seed=seed, lineage=LINEAGE)
        )
        if paused
        else None
    )
    past = pausing.past(made) if pausing else made()
    known, refitting.held = past.own or (0, refitting.held)

    def refit(row: int) -> None:
        refitting(past, lambda kind: progress(f"fitting {kind}", row / total))

    def keep(row: int) -> None:
        assert pausing is not None
        pausing.keep(past, (row, refitting.held), row / total)

    stops = [(int(np.searchsorted(table, first + share * (last - first))), refit) for share in AT if learners]
    if pausing:
        stops += [(-(-total * part // _PARTS), keep) for part in range(1, _PARTS + 1)]
    stops.sort(key=itemgetter(0))  # what is fitted at a row is kept there

    def stopped(row: int) -> None:
        while stops and stops[0][0] <= row:
            at, act = stops.pop(0)
            past.fold() if at <= known else act(at)

    def stopping(spooled: Iterator[Spooled]) -> Iterator[Spooled]:
        for row, event in enumerate(spooled):
            stopped(row)
            yield event
        stopped(total)

    with closing(past):
        send(stopping(_spooled(events)), past, mark_every_ms=MARK_EVERY_MS)
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
