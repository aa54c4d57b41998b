"""What a sweep writes."""

import numpy as np

from domain.packing import unpack
from domain.state import empty
from feature_store.served import UNRANKED, facts, trailers
from stream_processors.alerting import Scored
from stream_processors.sweep import to_score, write_of_sweep

DAY = 86_400_000
T = 1_700_000_000_000


def test_only_who_has_changed_is_written_on_top_of_the_position() -> None:
    states = empty(3)
    states["events"] = [1, 2, 3]
    before = trailers([None] * 3)
    before["rank"] = [10, 20, 30]
    after = before.copy()
    after["rank"][1], after["tier"][2] = 21, 3
    write = write_of_sweep(
        b"stands", states, np.arange(3), [b"ann", b"bob", b"cid"], before, Scored(after, [b"id", b"alert"])
    )
    assert write is not None
    assert write.after == b"stands"
    assert write.users[0::2] == [b"bob", b"cid"]
    assert unpack(facts(write.users[1::2])).tobytes() == states[1:].tobytes()
    assert trailers(write.users[1::2]).tobytes() == after[1:].tobytes()
    assert write.ranked == [21, b"bob"]
    assert write.alerts == [b"id", b"alert"]
    assert (write.forget, write.unranked, write.timers, write.untimed, write.kept, write.counts) == (
        0, [], [], [], [], [],
    )  # fmt: skip


def test_nothing_is_written_where_nothing_has_changed() -> None:
    before = trailers([None])
    assert write_of_sweep(b"", empty(1), np.arange(1), [b"ann"], before, Scored(before.copy(), [])) is None


def test_the_swept_slots_need_not_be_all() -> None:
    states = empty(3)
    states["events"] = [1, 2, 3]
    before = trailers([None])
    after = before.copy()
    after["rank"] = UNRANKED - 1
    write = write_of_sweep(b"", states, np.array([2]), [b"ann", b"bob", b"cid"], before, Scored(after, []))
    assert write is not None
    assert write.users[0] == b"cid"
    assert unpack(facts(write.users[1::2])).tobytes() == states[2:].tobytes()


def test_whose_passage_is_due_waits_for_the_timer() -> None:
    states = empty(3)
    states["last_active_ms"] = [T - 30 * DAY, T - 30 * DAY + 1, T]
    assert to_score(states, T, 30 * DAY).tolist() == [1, 2]
