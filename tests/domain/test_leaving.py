"""When snapshots and outcomes leave a partition, and in which blocks."""

import numpy as np

from domain.columns import hash_of
from domain.decode import Decoder
from domain.labels import BLOCK_ITEMS, CANCELLED, INACTIVE, RETURNED, Outcomes, Snapshots, decode, encode
from domain.leaving import Item, Items, Waiting, blocks
from domain.pending import SETTLED, TAKEN
from domain.records import side_by_side
from domain.settings import FactSettings
from domain.state import empty
from domain.steps import Due, Partition, Progress, Step
from tests.domain.histories import DAY, LogRecord, event, mark

FACTS = FactSettings()
WEEK = 7 * DAY
HOUR = DAY // 24
OFFSET = hash_of("ann") % WEEK
FIRST = 2500 * WEEK + OFFSET
"""A weekly instant of ann."""
DELAY = FACTS.horizon_ms + FACTS.allowed_lateness_ms


def steps(*records: LogRecord) -> list[Step]:
    batch = Decoder(0, 1, FACTS).decode(side_by_side(records))
    part = Partition(batch, 0, empty(len(batch.users)), batch.users, Due(batch.users, True), FACTS)
    return list(part.steps(Progress(offset=0)))


def left(*records: LogRecord) -> tuple[list[int], list[tuple[int, int, int, int]]]:
    """Times of ann's snapshots, in weeks after `FIRST`, and her outcomes: week, returned, cancelled, treated."""
    snapshots: list[int] = []
    outcomes: list[tuple[int, int, int, int]] = []
    for step in steps(*records):
        for item in step.leaving.snapshots:
            (row,) = np.frombuffer(item.row, TAKEN)
            assert item.key == row["time"]
            snapshots.append((item.key - FIRST) // WEEK)
        for item in step.leaving.outcomes:
            (row,) = np.frombuffer(item.row, SETTLED)
            assert item.key == row["time"] + DELAY
            answers = [int(row[name]) for name in ("returned", "cancelled", "treated")]
            outcomes.append(((int(row["time"]) - FIRST) // WEEK, *answers))  # type: ignore[arg-type]
    return snapshots, outcomes


def ann(at: int, kind: str = "page_view", name: str = "") -> LogRecord:
    return event("ann", at, kind, name or f"{kind}-{at}")


def test_a_silent_user_has_a_snapshot_a_week_until_gone_and_outcomes_when_due() -> None:
    seen = FIRST - HOUR
    assert left(ann(seen), mark(FIRST - 1)) == ([], [])
    assert left(ann(seen), mark(FIRST)) == ([0], [])
    assert left(ann(seen), mark(FIRST + 20 * WEEK)) == ([0, 1, 2, 3, 4], [(w, 0, 0, 0) for w in range(5)])
    assert left(ann(seen), mark(FIRST + DELAY - 1))[1] == []
    assert left(ann(seen), mark(FIRST + DELAY))[1] == [(0, 0, 0, 0)]


def test_nothing_leaves_without_a_mark() -> None:
    (step,) = steps(ann(FIRST - HOUR), ann(FIRST + WEEK))
    assert (step.leaving, step.tells) == (Items([], []), False)
    assert [item.key for item in step.kept.snapshots] == [FIRST, FIRST + WEEK]


def test_a_snapshot_knows_nothing_from_after_its_instant() -> None:
    (alone,) = steps(ann(FIRST - HOUR), mark(FIRST))
    (later,) = steps(ann(FIRST - HOUR), ann(FIRST), ann(FIRST + HOUR, "purchase"), mark(FIRST + 2 * HOUR))
    assert alone.leaving == later.leaving


def test_the_first_session_start_within_the_horizon_is_the_return() -> None:
    seen, end = ann(FIRST - HOUR), mark(FIRST + DELAY)
    horizon = FIRST + FACTS.horizon_ms
    assert left(seen, ann(FIRST), end)[1][0] == (0, 0, 0, 0)  # at the instant is not after it
    assert left(seen, ann(FIRST + 1), end)[1][0] == (0, 1, 0, 0)
    assert left(seen, ann(FIRST + 5001), ann(FIRST + 9 * DAY), end)[1][0] == (0, 6, 0, 0)
    assert left(seen, ann(FIRST + 20 * DAY), ann(horizon), end)[1][0][1] == 20 * 86_400
    assert left(seen, ann(horizon), end)[1][0] == (0, 30 * 86_400, 0, 0)
    assert left(seen, ann(horizon + 1), end)[1][0] == (0, 0, 0, 0)


def test_a_session_that_goes_on_is_no_return() -> None:
    near = FIRST - HOUR // 4
    assert left(ann(near), ann(FIRST + 1), mark(FIRST + DELAY))[1][0] == (0, 0, 0, 0)


def test_a_late_activity_proves_a_return_unless_it_is_near_the_snapshot() -> None:
    seen, horizon = ann(FIRST - HOUR), FIRST + FACTS.horizon_ms
    after, end = ann(horizon + HOUR), mark(FIRST + DELAY)
    near = ann(FIRST + FACTS.session_gap_ms, name="late")
    assert left(seen, after, ann(horizon, name="late"), end)[1][0] == (0, 30 * 86_400, 0, 0)
    assert left(seen, ann(FIRST + DAY // 2), near, end)[1][0] == (0, 43_200, 0, 0)
    far = ann(FIRST + FACTS.session_gap_ms + 1, name="late")
    assert left(seen, ann(FIRST + DAY // 2), far, end)[1][0] == (0, 1801, 0, 0)


def test_cancellations_and_treatments_are_answers_too() -> None:
    seen, end = ann(FIRST - HOUR), mark(FIRST + DELAY)
    treated, cancelled = ann(FIRST + 2000, "promotion"), ann(FIRST + 3000, "cancellation")
    assert left(seen, treated, cancelled, end) == ([0], [(0, 0, 3, 2)])


def test_items_leave_in_order_up_to_where_they_are_complete() -> None:
    items = [Item(2, b"b", b""), Item(1, b"z", b""), Item(2, b"a", b""), Item(3, b"a", b"")]
    waiting = Waiting(Items(items[:1], []))
    waiting.add(Items(items[1:], []))
    assert [i[:2] for i in waiting.leave(2).snapshots] == [(1, b"z"), (2, b"a"), (2, b"b")]
    assert [i[:2] for i in waiting.leave(9).snapshots] == [(3, b"a")]


def test_blocks_hold_so_many_items_and_say_how_far_they_are_complete() -> None:
    taken, settled = np.zeros(BLOCK_ITEMS + 1, TAKEN), np.zeros(3, SETTLED)
    taken["time"], settled["time"] = np.arange(BLOCK_ITEMS + 1) // 2, 7
    taken["features"][:, 3], taken["holdout"][-1] = np.nan, 1
    settled["returned"], settled["cancelled"] = [0, 0, 9], [0, 4, 4]
    items = Items(
        [Item(int(row["time"]), b"u", row.tobytes()) for row in taken],
        [Item(99, "ä".encode(), row.tobytes()) for row in settled],
    )
    snapshots, outcomes = blocks(items, "lineage", 3, 1000, "inactivity")
    assert [(len(b.users), b.upto) for b in snapshots] == [(BLOCK_ITEMS, BLOCK_ITEMS // 2 - 1), (1, 1000)]
    assert (outcomes[0].users, outcomes[0].upto) == (["ä"] * 3, 1000)
    assert outcomes[0].lost.tolist() == [True, True, False]
    assert outcomes[0].causes.tolist() == [INACTIVE, CANCELLED, RETURNED]
    again = decode(encode(snapshots[0]))
    assert isinstance(again, Snapshots)
    assert again.features.tobytes() == snapshots[0].features.tobytes()
    assert (again.users, again.times.tolist()) == (snapshots[0].users, snapshots[0].times.tolist())
    assert isinstance(decode(encode(outcomes[0])), Outcomes)
    empty_ones = blocks(Items(), "lineage", 3, 5, "inactivity")
    assert [(b.users, b.upto) for kind in empty_ones for b in kind] == [([], 5), ([], 5)]
