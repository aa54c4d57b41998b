"""Merge, training and what waits, as one thing that can be fed, asked, kept and taken up again.

Who feeds it (a process that reads two topics, an evaluation that has no broker) does three things: add records or
blocks, carry out the effects of `advance`, and, if it wants to go on after a crash, `checkpoint` once they are done.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any, Final, NamedTuple

from domain.labels import Outcomes, Snapshots, delay_ms
from online_model.learners.line_up import make
from online_model.tiers import TierShares
from online_model.training.checkpoint import Checkpoint
from online_model.training.court import Load, LoadCandidate, no_candidates, no_registry
from online_model.training.effects import Effect
from online_model.training.merge import Merge, MergeState, Topic
from online_model.training.orders import Order
from online_model.training.pending import Pending
from online_model.training.segments import MemoryQueue, QueueState, SegmentQueue
from online_model.training.training import Plan, Training

_STATE: Final = 3
"""Raised when a checkpoint of former code cannot be gone on from."""


class _State(NamedTuple):
    training: dict[str, Any]
    merge: MergeState
    queue: QueueState
    head: bytes | None
    waiting: int
    extra: Any


class Trainer:
    """One lineage's training."""

    def __init__(
        self,
        plan: Plan,
        partitions: int,
        folder: Path | None = None,
        key: bytes = b"",
        load: Load = no_registry,
        tier_shares: TierShares | None = None,
        load_candidate: LoadCandidate = no_candidates,
    ) -> None:
        """Goes on from the checkpoint in the folder, if there is one.

        Args:
            partitions: of the event topic.
            folder: for the checkpoint, the snapshots that wait and blocks that are far ahead. It belongs to this
                trainer alone. None keeps all in memory, and nothing can be gone on from.
            key: signs the checkpoint.
            load: versions that were published, for those that are pinned.
            tier_shares: of the users, for each tier; None leaves thresholds to the settings.
            load_candidate: refitted models, for those that enter the tournament.

        Raises:
            CheckpointError: there is a checkpoint that cannot be gone on from.
            DamagedQueueError: the snapshots that wait are not those of the checkpoint.
        """
        self.plan = plan
        self._checkpoint: Checkpoint | None = None
        state: _State | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._checkpoint = Checkpoint(folder / "checkpoint", key, f"{_STATE} {partitions} {plan!r}")
            state = self._checkpoint.load()
            if state is None:
                rmtree(folder / "pending", ignore_errors=True)
        self._queue = SegmentQueue(folder / "pending", state and state.queue) if folder else MemoryQueue()
        pending = Pending(self._queue, state and state.head, state.waiting if state else 0)
        self._pending = pending
        self.training = Training(plan, make, pending, load, tier_shares, load_candidate)
        if state is not None:
            self.training.restore(state.training)
        self.extra: Any = state.extra if state else None
        """What who feeds it wants kept with the checkpoint."""
        spill = folder / "ahead" if folder else None
        self.merge = Merge(
            plan.lineage, partitions, delay_ms(plan.facts), spill, state.merge if state else None
        )

    def resume(self, topic: Topic) -> int:
        """Offset from which a topic has to be read."""
        state = self.merge.state()
        return state.snapshots.resume if topic == "snapshots" else state.outcomes.resume

    def add_record(self, topic: Topic, offset: int, value: bytes | None) -> None:
        """One record of a topic, in the order of offsets from `resume` on."""
        self.merge.add_record(topic, offset, value)

    def add(self, topic: Topic, offset: int, block: Snapshots | Outcomes) -> None:
        """One block, for those who have no topics; offsets are 0, 1, … for each kind."""
        self.merge.add(topic, offset, block)

    def advance(self) -> Iterator[Effect]:
        """Train on all hours that are complete by now.

        Each effect has to be carried out before the next is asked for.
        """
        for hour in self.merge.hours():
            yield from self.training.take(hour)

    def order(self, order: Order) -> Iterator[Effect]:
        """An order of operators or batch jobs; effects as of `advance`."""
        yield from self.training.order(order, self.merge.done_ms)

    def checkpoint(self) -> None:
        """Keep the state, once all effects so far are carried out.

        Raises:
            OSError: the disk is full or the folder is gone; the former checkpoint still holds.
        """
        if self._checkpoint is None or not isinstance(self._queue, SegmentQueue):
            raise ValueError("a trainer without a folder cannot be gone on from")
        queue = self._queue.state()
        self._checkpoint.save(
            _State(
                self.training.state(),
                self.merge.state(),
                queue,
                self._pending.head(),
                self._pending.waiting,
                self.extra,
            )
        )
        self._queue.forget(queue)

    def close(self) -> None:
        """Close the files; what came after the last checkpoint will be done again."""
        self.merge.close()
        if isinstance(self._queue, SegmentQueue):
            self._queue.close()
