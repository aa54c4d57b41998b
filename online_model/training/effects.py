"""What training wants done outside. Done in their order, before the next hour; doing one twice does no harm."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from domain.labels import Outcomes, decode, encode
from online_model.drift.watch import DriftFinding
from online_model.learners.learner import Learner, Vector
from online_model.registry.manifest import Training as TrainingRecord
from online_model.risk import Part
from online_model.tiers import Thresholds
from online_model.tournament.decision import Decision
from online_model.training.ledger_rows import table_of
from online_model.training.orders import Order
from online_model.training.pending import kind_of, pack, unpack
from online_model.training.settle import Settled, together


class Publish(NamedTuple):
    """A version for the registry."""

    version: str
    """The id that the registry will give it."""
    training: TrainingRecord
    arrays: dict[str, npt.NDArray[Any]]
    """Of the scorer."""
    learner: Learner
    """As it is now: it goes on learning with the next hour."""


class Announce(NamedTuple):
    """Who serves from now on."""

    at_ms: int
    parts: tuple[Part, ...]
    """Versions with the share of the users that each serves, the newer first."""
    reason: str
    """For people."""
    thresholds: Thresholds | None
    """Where the tiers begin; None for where the settings say."""


class Decided(NamedTuple):
    """A decision of the tournament, for the log of decisions."""

    number: int
    """1 for the first of the lineage, and so on."""
    decision: Decision


class Drifted(NamedTuple):
    """Something that the drift watch has found, for the same log."""

    number: int
    finding: DriftFinding


class Dated(NamedTuple):
    """An order with the time that the trainer has named, for the topic of commands: there before training goes on."""

    order: Order


class Refused(NamedTuple):
    """An order that cannot be carried out, for the same log."""

    number: int
    order: str
    reason: str


class LedgerDay(NamedTuple):
    """All examples whose outcome was due on one day."""

    day: int
    """Days since 1970."""
    parts: list["Kept"]

    def settled(self) -> Iterator[tuple[Settled, Vector]]:
        """Examples in the order of (due time, user), and what each counts in quality."""
        for part in self.parts:
            yield part.settled(), part.weights

    def table(self, delay_ms: int, thresholds: Thresholds) -> pa.Table:
        """Rows of the ledger (`online_model.ledger.schema`).

        Args:
            delay_ms: from snapshot to due time.
            thresholds: of the tiers, where none were derived when the prediction was made.
        """
        tables = []
        for _, alike in groupby(self.settled(), key=lambda pair: kind_of(pair[0].snapshots)):
            settled, weights = zip(*alike, strict=True)
            tables.append(table_of(together(settled), np.concatenate(weights), delay_ms, thresholds))
        return pa.concat_tables(tables)


class Kept(NamedTuple):
    """Settled examples, compressed: a day of them may be large."""

    snapshots: bytes
    outcomes: bytes
    weights: Vector

    @classmethod
    def of(cls, settled: Settled, weights: Vector) -> "Kept":
        """Compress."""
        return cls(pack(settled.snapshots), encode(settled.outcomes), weights)

    def settled(self) -> Settled:
        """Inverse of `of`."""
        outcomes = decode(self.outcomes)
        assert isinstance(outcomes, Outcomes)
        return Settled(unpack(self.snapshots), outcomes)


Effect = Publish | Announce | Decided | Drifted | Dated | Refused | LedgerDay
