"""A batch of one partition into steps: each a run of consecutive records, written at once.

Pure: it takes the states of the users that the batch touches, changes them in place, and says after each step
what to write. The result does not depend on how the log was cut into batches (`docs/user-state.md`).
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from domain.columns import ERASURE, MARK, REJECTED
from domain.decode import Batch
from domain.fold import (
    APPLIED,
    DUPLICATE,
    IS_ACTIVITY,
    LATE,
    TOO_LATE,
    fold_rows,
    settings_array,
)
from domain.hashing import hashes_of
from domain.labels import delay_ms
from domain.leaving import MINUTE_MS, Item, Items, Waiting, items_of
from domain.pending import Buffers, due_slots, stored_timers
from domain.settings import FactSettings
from domain.state import PENDING, States, empty
from domain.timers import visit_many

MAX_USERS: Final = 500
"""Users that one step may touch: a longer script holds up every other reader of Redis."""

_ROOM: Final = 8 * MAX_USERS + PENDING
"""Snapshots, and outcomes, that one step may bring."""

OUTCOMES: Final = {APPLIED: "applied", DUPLICATE: "duplicate", LATE: "late"}


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a partition has been read."""

    offset: int
    """Of the next record."""
    clock: int = 0
    """Latest mark, ms."""
    visited: int = 0
    """Users whom the mark at `offset` has visited already; 0 if it has not begun."""
    upto: int = 0
    """ms: all snapshots and outcomes with a key time up to here have left."""


class Due(NamedTuple):
    """What stood in the store when the batch was read, due at its last mark."""

    users: list[str]
    """With a timer that is due, in the order of (timer, user id)."""
    complete: bool
    """False if there are more: none of them is earlier than the last of `users`."""
    waiting: Items = Items()
    """Snapshots and outcomes that wait to leave: those due at the mark, or all if the batch has an erasure."""


_NOBODY: Final = np.zeros(0, np.int64)
_Pair = tuple[list[Item], list[Item]]
"""Snapshots and outcomes."""


class Step(NamedTuple):
    """What one write carries."""

    progress: Progress
    """After the step."""
    slots: npt.NDArray[np.int64]
    """Users whose state changed."""
    outcomes: dict[str, int]
    """Records by outcome; a dead letter's is ``dead_letter:<reason>``."""
    dead: dict[int, str]
    """Reason by row, for rows that became dead letters."""
    gaps: int
    """Gaps between sessions that ended in this step."""
    gap_seconds: int
    leaving: Items
    """Snapshots and outcomes with a key time up to ``progress.upto``, in order."""
    kept: Items
    """Those that were taken or settled in this step and have to wait."""
    tells: bool
    """Whether blocks are sent: there are items, or the readers have not heard for a minute how far it is."""
    erased: npt.NDArray[np.int64] = _NOBODY
    """Users of whom all of before was forgotten in this step, and who are no users unless they were seen again."""
    dropped: Items = Items()
    """Theirs that waited and will not leave."""


class _Visited(NamedTuple):
    """How far a mark got."""

    users: int
    done: bool
    """The mark is finished."""
    unread: bool
    """Timers that were not read come first."""
    upto: int
    """ms, 0 if nobody was visited."""


class Partition:
    """The states of a batch's users, and the way through its rows."""

    def __init__(
        self,
        batch: Batch,
        first_offset: int,
        states: States,
        users: Sequence[str],
        due: Due,
        settings: FactSettings,
        max_users: int = MAX_USERS,
    ) -> None:
        """
        Args:
            batch: the records, row 0 at offset `first_offset`.
            states: of `users`, shape (users,): first the batch's own, then those that are only due.
            due: as read from the store together with the states.
        """
        self._batch = batch
        self._first = first_offset
        self.states = states
        self.hashes = np.concatenate([batch.user_hashes, hashes_of(users[len(batch.users) :])])
        self._settings = settings_array(settings)
        self._max_users = max_users
        self.ids = [u.encode() for u in users]
        """User ids by slot, in UTF-8; `hashes` are theirs."""
        self._outcomes = np.zeros(len(batch.rows), np.uint8)
        self._touched = np.zeros(len(users), np.bool_)
        self._delay = delay_ms(settings)
        self._buffers = Buffers(_ROOM)
        self._waiting = Waiting(due.waiting)
        self._new: _Pair = ([], [])
        self._dropped: _Pair = ([], [])
        self._erased: list[int] = []
        self._all = np.arange(len(users))
        self._room = np.empty(len(users), np.int64)
        self._totals = np.zeros(2, np.int64)
        place = {u: i for i, u in enumerate(users)}
        self._horizon: tuple[int, bytes] | None = None
        if not due.complete:
            last = place[due.users[-1]]
            self._horizon = (int(self.timers(self._all[last : last + 1])[0]), self.ids[last])

    def timers(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Stored timers of users as their states are now, ms, shape (len(slots),)."""
        return stored_timers(self.states, slots, self.hashes, self._delay)

    def steps(self, progress: Progress) -> Iterator[Step]:
        """Steps from `progress` on; `states` hold what to write until the next is asked for.

        Ends at the batch's end, or before it where timers that were not read have to fire first: then the
        last step's progress says from where to read again.
        """
        rows, buffers = self._batch.rows, self._buffers
        at = progress.offset - self._first
        began, clock, visited, upto = at, progress.clock, progress.visited, progress.upto
        left = upto  # as of the last step
        free = self._max_users
        while at < len(rows):
            whole = True
            if rows["kind"][at] == MARK:
                mark = int(rows["time"][at])
                done = True
                if visited or mark > clock:
                    found = self._visit(mark, int(rows["quantity"][at]) - visited, free)
                    done, whole = found.done, not found.unread
                    free = self._max_users - int(np.count_nonzero(self._touched))
                    upto = max(upto, found.upto)
                    if found.users or done:
                        clock, visited = mark, visited + found.users
                if done:
                    at, visited = at + 1, 0
                    continue
            elif rows["kind"][at] == ERASURE:
                slot = int(rows["slot"][at])
                if free or self._touched[slot]:
                    free -= not self._touched[slot]
                    self._erase(slot, upto)
                    at += 1
                    continue
            else:
                at, free = fold_rows(
                    self.states, rows, at, self.hashes, clock, self._settings, IS_ACTIVITY,
                    self._outcomes, self._touched, free, self._totals, buffers.taken, buffers.taken_slots,
                    buffers.counts,
                )  # fmt: skip
                if at == len(rows) or rows["kind"][at] >= MARK:
                    continue
            if whole or at > began or self._touched.any():
                reached = Progress(offset=self._first + at, clock=clock, visited=visited, upto=upto)
                yield self._step(began, at, reached, left)
            if not whole:
                return
            began, free, left = at, self._max_users, upto
        if at > began:
            yield self._step(began, at, Progress(offset=self._first + at, clock=clock, upto=upto), left)

    def _visit(self, mark: int, budget: int, free: int) -> _Visited:
        """Visit due users in order, at most `budget`, and `free` more touched ones."""
        due = due_slots(self.states, self.hashes, self._delay, mark, self._room)
        timers = self.timers(due).tolist() if len(due) else []
        order = sorted(
            (timer, self.ids[slot], slot) for timer, slot in zip(timers, due.tolist(), strict=True)
        )
        beyond = len(order) > budget
        all_read = self._horizon is None or mark < self._horizon[0]
        everybody = all_read and not beyond
        known = order[:budget]
        if self._horizon is not None:
            known = [o for o in known if o[:2] <= self._horizon]
        # where the budget is spent and nobody more is known to be due, what was not read decides what has left
        budget_spent = len(known) == budget and (all_read or beyond)
        slots: list[int] = []
        for _, _, slot in known:
            if not self._touched[slot]:
                if free == 0:
                    break
                free -= 1
            slots.append(slot)
        count = 0
        if slots:
            b = self._buffers
            count = visit_many(
                self.states, np.array(slots, np.int64), self.hashes, mark, int(self._settings[0]),
                mark - int(self._settings[2]), self._delay, self._touched, b.taken, b.taken_slots, b.settled,
                b.settled_slots, b.counts,
            )  # fmt: skip
        full = count < len(known)  # the step is: another one goes on
        done = not full and (everybody or budget_spent)
        if done and everybody:
            return _Visited(count, done, False, mark)
        return _Visited(count, done, not done and not full, known[count - 1][0] - 1 if count else 0)

    def _erase(self, slot: int, upto: int) -> None:
        """Forget a user; what may leave by now leaves."""
        self.states[slot] = empty(1)[0]
        self._touched[slot] = True
        self._erased.append(slot)
        self._collect()
        user = self.ids[slot]
        for dropped, more in zip(self._dropped, self._waiting.erase(user, upto), strict=True):
            dropped.extend(more)
        for new in self._new:
            new[:] = [item for item in new if item.user != user or item.key <= upto]

    def _step(self, began: int, at: int, progress: Progress, left: int) -> Step:
        outcomes: dict[str, int] = {}
        dead: dict[int, str] = {}
        kinds = self._batch.rows["kind"][began:at]
        counts = np.bincount(self._outcomes[began:at], minlength=5)
        for code, name in OUTCOMES.items():
            if counts[code]:
                outcomes[name] = int(counts[code])
        marks = int(np.count_nonzero(kinds == MARK))
        if marks:
            outcomes["mark"] = marks
        if self._erased:
            outcomes["erased"] = len(self._erased)
        refused = (kinds == REJECTED) | (self._outcomes[began:at] == TOO_LATE)
        for row in (began + np.flatnonzero(refused)).tolist():
            dead[row] = self._batch.rejected.get(row, "too_late")
            name = f"dead_letter:{dead[row]}"
            outcomes[name] = outcomes.get(name, 0) + 1
        slots = np.flatnonzero(self._touched)
        gaps, seconds = self._totals.tolist()
        self._touched[:] = False
        self._totals[:] = 0
        leaving, kept = self._leave(progress.upto)
        tells = bool(leaving.snapshots or leaving.outcomes) or progress.upto // MINUTE_MS > left // MINUTE_MS
        step = Step(progress, slots, outcomes, dead, gaps, seconds, leaving, kept, tells)
        if self._erased:
            step = step._replace(erased=np.unique(self._erased), dropped=Items(*self._dropped))
            self._erased, self._dropped = [], ([], [])
        return step

    def _collect(self) -> None:
        """Empty the buffers that compiled code fills."""
        b, ids = self._buffers, self.ids
        n, m = b.counts.tolist()
        b.counts[:] = 0
        more = Items(
            items_of(b.taken[:n], b.taken_slots[:n], ids, 0),
            items_of(b.settled[:m], b.settled_slots[:m], ids, self._delay),
        )
        self._waiting.add(more)
        for new, items in zip(self._new, more, strict=True):
            new.extend(items)

    def _leave(self, upto: int) -> tuple[Items, Items]:
        """What leaves, and what is to be kept."""
        self._collect()
        new, self._new = self._new, ([], [])
        leaving = self._waiting.leave(upto)
        kept = Items(*([i for i in items if i.key > upto] for items in new))
        return leaving, kept
