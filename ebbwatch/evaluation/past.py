"""Past events through the fold, the snapshots and the training, in order of time, without a broker."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.columns import hash_of
from domain.labels import Matrix, Outcomes, Snapshots, delay_ms, feature_schema
from domain.offline import Offline
from domain.settings import FactSettings
from online_model.training.effects import Decided, Drifted, LedgerDay
from online_model.training.settle import CHAMPION, Settled
from online_model.training.trainer import Trainer
from online_model.training.training import Plan
from producers.replay.send import send
from producers.replay.spool import Spool, Spooled

LINEAGE: Final = f"file-{feature_schema()}"
_AT_ONCE: Final = 20_000  # records folded before the training goes on: memory stays small
_FLUSH_MS: Final = 2 * 86_400_000


class Examples(NamedTuple):
    """All snapshots with a settled outcome, in the order of (due time, user), shape (n,) each."""

    users: list[str]
    times: npt.NDArray[np.int64]
    lost: npt.NDArray[np.bool_]
    treated: npt.NDArray[np.bool_]
    features: Matrix
    predictions: dict[str, npt.NDArray[np.float64]]
    """By contestant, and what served under `CHAMPION`, as said at the snapshot; NaN before a contestant began."""


class Watched(NamedTuple):
    """What came of a file."""

    examples: Examples
    trainer: Trainer
    decisions: list[Decided]
    drift: list[Drifted]
    first_ms: int
    last_ms: int
    records: dict[str, int]
    """Records by outcome."""
    users: int
    snapshots: int
    """Taken; those without an outcome yet among them."""


class Watch:
    """Told how far it is; this one does not listen."""

    def stage(self, name: str, total: int) -> None:
        """A stage of so many events begins."""

    def advance(self, events: int) -> None:
        """So many more."""


def watched(
    spool: Spool,
    facts: FactSettings,
    contestants: Sequence[str],
    seed: int,
    sample_users: int | None,
    mark_every_ms: int,
    watch: Watch,
) -> Watched:
    """Everything that the stream would have done with the events.

    Args:
        sample_users: only so many users, chosen by hash; None for all.
        mark_every_ms: event time between two clock marks.

    Raises:
        ValueError: there is no event.
    """
    chosen = None if sample_users is None else _sample(spool, sample_users)
    total = len(spool) if chosen is None else sum(e.key in chosen for e in spool.in_time_order())
    watch.stage("events", total)
    plan = Plan(lineage=LINEAGE, facts=facts, contestants=tuple(contestants), seed=seed)
    trainer = Trainer(plan, 1)
    collected = _Collected(trainer)
    feed = _Feed(Offline(facts, LINEAGE), collected, watch)
    events = (e for e in spool.in_time_order() if chosen is None or e.key in chosen)
    send(feed.timed(events), feed, mark_every_ms=mark_every_ms)
    if feed.last_ms == 0:
        raise ValueError("there is no event to learn from")
    feed.flush()
    return collected.result(feed)


def _sample(spool: Spool, count: int) -> frozenset[bytes]:
    keys = {event.key for event in spool.in_time_order()}
    return frozenset(sorted(keys, key=lambda key: (hash_of(key.decode()), key))[:count])


class _Feed:
    """The sink that events and marks are sent to."""

    def __init__(self, offline: Offline, collected: "_Collected", watch: Watch) -> None:
        self.offline = offline
        self._collected = collected
        self._watch = watch
        self._since = 0
        self.first_ms = self.last_ms = 0

    def timed(self, events: Iterable[Spooled]) -> Iterator[Spooled]:
        """The events, their span noted."""
        for event in events:
            self.first_ms = self.first_ms or event.time
            self.last_ms = event.time
            yield event

    def send(self, key: bytes, value: bytes) -> None:
        """One event."""
        self.offline.send(key, value)
        self._since += 1
        if self._since >= _AT_ONCE:
            self._pass_on()

    def mark(self, time_ms: int) -> None:
        """A clock mark."""
        self.offline.mark(time_ms)

    def flush(self) -> None:
        """Let the training finish the last day."""
        self._pass_on()
        end = self.last_ms + _FLUSH_MS + delay_ms(self._collected.trainer.plan.facts)
        self._collected.finish(end)

    def _pass_on(self) -> None:
        for block in self.offline.blocks():
            self._collected.take(block)
        self._watch.advance(self._since)
        self._since = 0


class _Collected:
    """Feeds the training and keeps what comes of it."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self._counts = {Snapshots: 0, Outcomes: 0}
        self._settled: list[Settled] = []
        self._decisions: list[Decided] = []
        self._drift: list[Drifted] = []

    def take(self, block: Snapshots | Outcomes) -> None:
        self.trainer.add(
            "snapshots" if isinstance(block, Snapshots) else "outcomes", self._counts[type(block)], block
        )
        self._counts[type(block)] += 1
        if isinstance(block, Outcomes):  # follows the snapshots of the same mark
            self._advance()

    def finish(self, upto: int) -> None:
        """Nothing follows: days that have begun are over."""
        empty = np.zeros(0, np.int64)
        none = np.zeros(0, np.bool_)
        features = np.zeros((0, len(self._settled[0].snapshots.features[0]) if self._settled else 0))
        self.take(
            Snapshots(
                lineage=LINEAGE, partition=0, upto=upto, users=[], times=empty, features=features, treated=empty,
                holdout=none,
            )
        )  # fmt: skip
        self.take(
            Outcomes(
                lineage=LINEAGE, partition=0, upto=upto, users=[], times=empty, lost=none,
                causes=empty.astype(np.uint8), returned=empty, cancelled=empty, treated=empty,
            )
        )  # fmt: skip

    def _advance(self) -> None:
        for effect in self.trainer.advance():
            if isinstance(effect, LedgerDay):
                self._settled += [settled for settled, _weights in effect.settled()]
            elif isinstance(effect, Decided):
                self._decisions.append(effect)
            elif isinstance(effect, Drifted):
                self._drift.append(effect)

    def result(self, feed: _Feed) -> Watched:
        return Watched(
            examples=_examples(self._settled),
            trainer=self.trainer,
            decisions=self._decisions,
            drift=self._drift,
            first_ms=feed.first_ms,
            last_ms=feed.last_ms,
            records=feed.offline.outcomes,
            users=len(feed.offline.users),
            snapshots=self.trainer.training.counts["predicted"],
        )


def _examples(settled: list[Settled]) -> Examples:
    names = dict.fromkeys(name for part in settled for name in part.snapshots.contestants)
    columns: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in (*names, CHAMPION)}
    for part in settled:
        said = dict(zip(part.snapshots.contestants, part.snapshots.predictions, strict=True))
        for name in names:
            columns[name].append(said.get(name, np.full(len(part.snapshots), np.nan)))
        columns[CHAMPION].append(part.snapshots.served)

    def joined(parts: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        return np.concatenate(parts) if parts else np.zeros(0)

    empty = not settled
    return Examples(
        users=[user for part in settled for user in part.snapshots.users],
        times=np.zeros(0, np.int64) if empty else np.concatenate([p.snapshots.times for p in settled]),
        lost=np.zeros(0, np.bool_) if empty else np.concatenate([p.outcomes.lost for p in settled]),
        treated=np.zeros(0, np.bool_) if empty else np.concatenate([p.treated for p in settled]),
        features=np.zeros((0, 0)) if empty else np.concatenate([p.snapshots.features for p in settled]),
        predictions={name: joined(parts) for name, parts in columns.items()},
    )
