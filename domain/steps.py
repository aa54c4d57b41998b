"""A batch of one partition into steps: each a run of consecutive records, written at once.

Pure: it takes the states of the users that the batch touches, changes them in place, and says after each step
what to write. The result does not depend on how the log was cut into batches (`docs/user-state.md`).
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from domain.columns import MARK, REJECTED
from domain.decode import Batch, hashes_of
from domain.fold import (
    APPLIED,
    DUPLICATE,
    IS_ACTIVITY,
    LATE,
    TOO_LATE,
    fold_rows,
    settings_array,
)
from domain.settings import FactSettings
from domain.state import States
from domain.timers import fire_many

MAX_USERS: Final = 500
"""Users that one step may touch: a longer script holds up every other reader of Redis."""

OUTCOMES: Final = {APPLIED: "applied", DUPLICATE: "duplicate", LATE: "late"}


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a partition has been read."""

    offset: int
    """Of the next record."""
    clock: int = 0
    """Latest mark, ms."""
    visited: int = 0
    """Users whose timers the mark at `offset` has fired already; 0 if it has not begun."""


class Due(NamedTuple):
    """Timers that stood in the store when the batch was read, due at its last mark, earliest first."""

    users: list[str]
    """In the order of (timer, user id)."""
    complete: bool
    """False if there are more: none of them is earlier than the last of `users`."""


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
        self._hashes = np.concatenate([batch.user_hashes, hashes_of(users[len(batch.users) :])])
        self._settings = settings_array(settings)
        self._max_users = max_users
        self.ids = [u.encode() for u in users]
        """User ids by slot, in UTF-8."""
        self._outcomes = np.zeros(len(batch.rows), np.uint8)
        self._touched = np.zeros(len(users), np.bool_)
        self._totals = np.zeros(2, np.int64)
        place = {u: i for i, u in enumerate(users)}
        self._horizon: tuple[int, bytes] | None = None
        if not due.complete:
            last = place[due.users[-1]]
            self._horizon = (int(states["timer_ms"][last]), self.ids[last])

    def steps(self, progress: Progress) -> Iterator[Step]:
        """Steps from `progress` on; `states` hold what to write until the next is asked for.

        Ends at the batch's end, or before it where timers that were not read have to fire first: then the
        last step's progress says from where to read again.
        """
        rows = self._batch.rows
        at = progress.offset - self._first
        began, clock, visited = at, progress.clock, progress.visited
        free = self._max_users
        while at < len(rows):
            if rows["kind"][at] == MARK:
                mark = int(rows["time"][at])
                finished = True
                if visited or mark > clock:
                    fired, finished = self._visit(mark, int(rows["quantity"][at]) - visited, free)
                    free = self._max_users - int(np.count_nonzero(self._touched))
                    if fired or finished:
                        clock, visited = mark, visited + fired
                if finished:
                    at, visited = at + 1, 0
                    continue
                if free > 0:  # timers that were not read come first
                    if at > began or self._touched.any():
                        yield self._step(began, at, clock, visited)
                    return
            else:
                at, free = fold_rows(
                    self.states, rows, at, self._hashes, clock, self._settings, IS_ACTIVITY,
                    self._outcomes, self._touched, free, self._totals,
                )  # fmt: skip
                if at == len(rows) or rows["kind"][at] == MARK:
                    continue
            yield self._step(began, at, clock, visited)
            began, free = at, self._max_users
        if at > began:
            yield self._step(began, at, clock, 0)

    def _visit(self, mark: int, budget: int, free: int) -> tuple[int, bool]:
        """Fire due timers in order, at most `budget` users and `free` more touched ones.

        Returns:
            How many fired, and whether the mark is done.
        """
        timers = self.states["timer_ms"]
        due = np.flatnonzero((timers > 0) & (timers <= mark))
        order = sorted((int(timers[slot]), self.ids[slot], int(slot)) for slot in due)
        finished = True
        if len(order) > budget:
            order = order[:budget]
        if self._horizon is not None:
            known = [o for o in order if o[:2] <= self._horizon]
            finished = len(known) == len(order) and (len(order) == budget or mark <= self._horizon[0] - 1)
            order = known
        slots: list[int] = []
        for _, _, slot in order:
            if not self._touched[slot]:
                if free == 0:
                    finished = False
                    break
                free -= 1
            slots.append(slot)
        if slots:
            fire_many(
                self.states,
                np.array(slots, np.int64),
                self._hashes,
                mark,
                int(self._settings[0]),
                mark - int(self._settings[2]),
                self._touched,
            )
        return len(slots), finished

    def _step(self, began: int, at: int, clock: int, visited: int) -> Step:
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
        refused = (kinds == REJECTED) | (self._outcomes[began:at] == TOO_LATE)
        for row in (began + np.flatnonzero(refused)).tolist():
            dead[row] = self._batch.rejected.get(row, "too_late")
            name = f"dead_letter:{dead[row]}"
            outcomes[name] = outcomes.get(name, 0) + 1
        slots = np.flatnonzero(self._touched)
        gaps, seconds = self._totals.tolist()
        self._touched[:] = False
        self._totals[:] = 0
        progress = Progress(offset=self._first + at, clock=clock, visited=visited)
        return Step(progress, slots, outcomes, dead, gaps, seconds)
