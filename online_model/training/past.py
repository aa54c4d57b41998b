"""Past events through the fold, the snapshots and the training, in order of time, without a broker: for
`ebbwatch evaluate` and for files that people send."""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS
from domain.labels import FEATURES, Matrix, Outcomes, Snapshots, Times, delay_ms, feature_schema
from domain.offline import Offline
from domain.settings import FactSettings
from online_model.explain.recent import Recent
from online_model.quality.scored import Scored, Vector, joined
from online_model.training.court import LoadCandidate, no_candidates
from online_model.training.effects import Decided, Drifted, LedgerDay
from online_model.training.orders import Order
from online_model.training.settle import Settled, scored
from online_model.training.spread import Spread
from online_model.training.trainer import Trainer
from online_model.training.training import Plan

LINEAGE: Final = f"file-{feature_schema()}"
_AT_ONCE: Final = 10_000  # records folded before the training goes on: memory stays small
_REST_MS: Final = 2 * DAY_MS
"""What the last day needs to be over."""


class Examples(NamedTuple):
    """All snapshots with a settled outcome, in the order of (due time, user); shapes (n,)."""

    users: list[str]
    times: Times
    scored: Scored
    """Predictions as they were made at the snapshots; what served stands under `settle.CHAMPION`."""
    weights: Vector
    """What each counts (`online_model.quality.untreated`)."""
    sampled: npt.NDArray[np.int64]
    """Places of those whose features were kept, in order, shape (m,)."""
    features: Matrix
    """Of these, shape (m, features)."""


class Watched(NamedTuple):
    """What came of past events."""

    examples: Examples
    trainer: Trainer
    population: Matrix
    """Features of some users of the last weeks."""
    decisions: list[Decided]
    drift: list[Drifted]
    records: dict[str, int]
    """Records by outcome."""
    offline: Offline
    """Everybody's state after the last event."""
    latest: list[Snapshots]
    """Those of the last days, as asked for; oldest first."""
    snapshots: int
    """Taken; those without an outcome yet among them."""

    @property
    def users(self) -> int:
        """How many there were."""
        return len(self.offline.users)


class Past:
    """A sink for events and clock marks in order of time; does what the stream and the trainer would have done."""

    def __init__(
        self,
        facts: FactSettings,
        contestants: Sequence[str],
        seed: int,
        *,
        keep_features: bool = False,
        most_features: int | None = None,
        keep_days: int = 0,
        load_candidate: LoadCandidate = no_candidates,
        done: Callable[[int], None] = lambda _: None,
        folder: Path | None = None,
        key: bytes = b"",
    ) -> None:
        """Goes on from what `keep` left in the folder: all events have to be sent again, with calls of `fold` where
        there were calls that folded; what was learned by then is not learned again.

        Args:
            contestants: see `online_model.training.lineup`.
            keep_features: of examples, 900 bytes each.
            most_features: how many have them at most, an even sample; None is all.
            keep_days: keep the snapshots of the last so many days.
            load_candidate: refitted models, for those that `order` lets enter.
            done: told now and then how many more records are through.
            folder: for what is kept; None for what has no need to go on.
            key: signs it.

        Raises:
            UnknownContestantError: there is no such contestant.
            CheckpointError: what is kept cannot be gone on from.
            DamagedQueueError: likewise.
        """
        self._facts = facts
        plan = Plan(lineage=LINEAGE, facts=facts, contestants=tuple(contestants), seed=seed)
        self._trainer = Trainer(plan, 1, folder, key, load_candidate=load_candidate)
        self._offline = Offline(facts, LINEAGE)
        self._collected = _Collected(Spread(most_features) if keep_features else None, delay_ms(facts))
        self.own: Any = None
        """What `keep` was given; None for who begins anew."""
        if self._trainer.extra is not None:
            self._collected, self.own = self._trainer.extra
        self._from = {
            Snapshots: self._trainer.resume("snapshots"),
            Outcomes: self._trainer.resume("outcomes"),
        }
        self._recent = Recent(seed)
        self._keep_ms = keep_days * DAY_MS
        self._latest: deque[Snapshots] = deque()
        self._numbers = {Snapshots: 0, Outcomes: 0}
        self._done = done
        self._since = 0

    def send(self, key: bytes, value: bytes) -> None:
        """One event."""
        self._offline.send(key, value)
        self._since += 1
        if self._since >= _AT_ONCE:
            self.fold()

    def mark(self, time_ms: int) -> None:
        """A clock mark."""
        self._offline.mark(time_ms)

    def fold(self) -> None:
        """Take what was sent so far. Blocks are cut where this is done: who goes on from what was kept folds where
        it was folded before."""
        for block in self._offline.blocks():
            self._take(block)
        self._done(self._since)
        self._since = 0

    def keep(self, own: Any) -> None:
        """Keep all that was learned so far, in the folder.

        Args:
            own: of the caller, to be pickled too: `own` of who goes on from here.

        Raises:
            OSError: the disk is full; what was kept before is still there.
        """
        self.fold()
        self._collected.join()
        self._trainer.extra = (self._collected, own)
        self._trainer.checkpoint()

    def close(self) -> None:
        """Close the files of the folder; what was found can still be asked for."""
        self._trainer.close()

    def examples(self) -> Examples:
        """Those whose outcome is settled by now."""
        self.fold()
        return self._collected.examples()

    def order(self, order: Order) -> None:
        """An order to the tournament, of now."""
        self.fold()
        for effect in self._trainer.order(order):
            self._collected.keep(effect)

    def finish(self, last_ms: int) -> Watched:
        """Nothing follows.

        Args:
            last_ms: time of the last event.
        """
        self.fold()
        for block in _nothing_more(last_ms + _REST_MS + delay_ms(self._facts)):
            self._take(block)
        return Watched(
            examples=self._collected.examples(),
            trainer=self._trainer,
            population=self._recent.population,
            decisions=self._collected.decisions,
            drift=self._collected.drift,
            records=self._offline.outcomes,
            offline=self._offline,
            latest=list(self._latest),
            snapshots=self._trainer.training.counts["predicted"],
        )

    def _take(self, block: Snapshots | Outcomes) -> None:
        kind = type(block)
        number = self._numbers[kind]
        self._numbers[kind] += 1
        if number >= self._from[kind]:
            self._trainer.add("snapshots" if isinstance(block, Snapshots) else "outcomes", number, block)
        if isinstance(block, Snapshots):
            self._recent.add(block.times, block.features)
            if len(block.times) and self._keep_ms:
                self._latest.append(block)
                while self._latest[0].times[-1] <= block.times[-1] - self._keep_ms:
                    self._latest.popleft()
            return
        for effect in self._trainer.advance():  # outcomes follow the snapshots of the same mark
            self._collected.keep(effect)


def _nothing_more(upto: int) -> tuple[Snapshots, Outcomes]:
    empty, none = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    common: dict[str, Any] = {"lineage": LINEAGE, "partition": 0, "upto": upto, "users": [], "times": empty}
    return (
        Snapshots(**common, features=np.zeros((0, FEATURES)), treated=empty, holdout=none),
        Outcomes(
            **common, lost=none, causes=empty.astype(np.uint8), returned=empty, cancelled=empty, treated=empty
        ),
    )


class _Collected:
    """What comes of the training."""

    def __init__(self, spread: Spread | None, delay: int) -> None:
        self._spread = spread
        self._delay = delay
        self._users: list[str] = []
        self._times: list[Times] = []
        self._scored: list[Scored] = []
        self._weights: list[Vector] = []
        self.decisions: list[Decided] = []
        self.drift: list[Drifted] = []

    def keep(self, effect: object) -> None:
        """What is looked at later."""
        match effect:
            case LedgerDay():
                for settled, weights in effect.settled():
                    self._add(settled, weights)
            case Decided():
                self.decisions.append(effect)
            case Drifted():
                self.drift.append(effect)

    def join(self) -> None:
        """Few large arrays in place of many small ones, which take far longer to be pickled."""
        if self._times:
            self._times, self._weights = [np.concatenate(self._times)], [np.concatenate(self._weights)]
            self._scored = [joined(self._scored)]
        if self._spread:
            self._spread.join()

    def examples(self) -> Examples:
        """All so far."""
        nobody: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        sampled, features = (self._spread or Spread(None)).sample()
        return Examples(
            users=self._users,
            times=np.concatenate(self._times) if self._times else nobody,
            scored=joined(self._scored or [_NOTHING]),
            weights=np.concatenate(self._weights) if self._weights else np.zeros(0),
            sampled=sampled,
            features=features,
        )

    def _add(self, settled: Settled, weights: Vector) -> None:
        taken = settled.snapshots
        self._users += taken.users
        self._times.append(taken.times.copy())
        # columns of the features and of what was unpacked: without copies, each would hold all of it in memory
        every = np.arange(len(taken))
        self._scored.append(scored(settled, np.zeros(len(taken), np.bool_), self._delay).take(every))
        self._weights.append(weights)
        if self._spread:
            self._spread.add(taken.users, taken.times, taken.features)


_NO_WHOLE: Final = np.zeros(0, np.int64)
_NOTHING: Final = Scored(
    due_day=_NO_WHOLE, lost=np.zeros(0, np.bool_), weights=np.zeros(0), chosen=np.zeros(0, np.bool_), predictions={},
    silence_days=np.zeros(0), tenure_days=np.zeros(0), plan=_NO_WHOLE, month=_NO_WHOLE,
    treated=np.zeros(0, np.bool_), holdout=np.zeros(0, np.bool_),
)  # fmt: skip
