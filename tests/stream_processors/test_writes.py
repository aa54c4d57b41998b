"""What a step writes, from what it changed."""

from collections.abc import Sequence

import msgspec
import numpy as np
from prometheus_client import CollectorRegistry

from domain.alerts import Policy
from domain.decode import Batch, Decoder
from domain.hashing import hashes_of
from domain.packing import unpack
from domain.records import side_by_side
from domain.settings import FactSettings
from domain.state import empty
from domain.steps import Due, Partition, Progress
from feature_store.position import begin
from feature_store.served import RANK_SCALE, UNRANKED, facts, trailers
from feature_store.write import Write
from online_model import own_rhythm
from online_model.own_rhythm import Population
from online_model.risk import Risk
from stream_processors.alerting import Alerting, Desk, Moment, Scope
from stream_processors.metrics import WorkerMetrics
from stream_processors.scoring import Served
from stream_processors.writes import write_of
from tests.domain.histories import DAY, LogRecord, erasure, event, mark

FACTS = FactSettings()
T = 1_500_000_000_000
HABIT = Population(990, 990 * 3 * 86_400)


async def nowhere(_: object) -> None:
    raise AssertionError("nothing is sent here")


def a_desk() -> Desk:
    return Desk(Policy(), {}, FACTS.horizon_ms, nowhere, WorkerMetrics(CollectorRegistry()))


class Table:
    """The states of one partition's users, and what the store has of them."""

    def __init__(self, users: Sequence[str]) -> None:
        self.users = list(users)
        self.states = empty(len(users))
        self.timers = np.zeros(len(users), np.int64)
        self.trailers = trailers([None] * len(users))
        self.alerting = Alerting(a_desk(), 0, {})
        self.position = begin("topic", FACTS)

    def take(self, *records: LogRecord, names: dict[int, str] | None = None) -> Write:
        """The only write of the records, of which each user has at least one, in order."""
        batch: Batch = Decoder(0, 1, FACTS).decode(side_by_side(records))
        own = batch.users or self.users
        assert own == self.users
        due = Due(self.users, True)
        part = Partition(batch, self.position.offset, self.states, self.users, due, FACTS)
        (step,) = part.steps(self.position.progress())
        moment = Moment(step.progress.clock, step.progress.offset - 1, T, T)
        scoring = Served(Risk(), HABIT, FACTS.horizon_ms)
        before = self.trailers[step.slots]
        scored = self.alerting.score(
            Scope(self.states, step.slots, part.ids, hashes_of(self.users)), before, scoring, moment
        )
        write = write_of(
            step,
            self.position,
            self.states,
            part.ids,
            self.timers,
            part.timers(step.slots),
            self.trailers,
            scored,
            names or {},
        )
        self.position = self.position.after(step.progress)
        return write


def seen(user: str, at: int, kind: str = "page_view") -> LogRecord:
    return event(user, at, kind, f"{user}-{kind}-{at}")


def pairs(flat: list[object]) -> dict[object, object]:
    return dict(zip(flat[0::2], flat[1::2], strict=True))


def test_a_first_step_writes_everything_of_the_users_it_touched() -> None:
    desk = Table(["ann", "bob"])
    write = desk.take(seen("ann", T), seen("bob", T, "renewal"), names={7: "gold"})
    stored = pairs(write.users)
    assert list(stored) == [b"ann", b"bob"]
    values = [v for v in stored.values() if isinstance(v, bytes)]
    assert unpack(facts(values)).tobytes() == desk.states.tobytes()
    risk = own_rhythm.risks(desk.states, np.array([0]), np.array([T]), HABIT, FACTS.horizon_ms)[0]
    assert trailers(values)["rank"].tolist() == [round(risk * RANK_SCALE), UNRANKED]
    assert write.ranked == [round(risk * RANK_SCALE), b"ann"]
    assert write.unranked == []  # who was never ranked needs no removal
    assert write.timers == [int(desk.states["timer_ms"][0]), b"ann"]
    assert write.untimed == []
    assert pairs(write.counts) == {"applied": 2}
    assert write.names == [7, "gold"]
    after = msgspec.json.decode(write.after)
    assert after == msgspec.to_builtins(begin("topic", FACTS)) | {"offset": 2}


def test_only_what_changed_of_ranking_and_timers_is_written_again() -> None:
    desk = Table(["ann"])
    desk.take(seen("ann", T))
    write = desk.take(seen("ann", T + 1))
    assert len(write.users) == 2
    assert (write.ranked, write.unranked, write.timers, write.untimed) == ([], [], [], [])


def test_a_gap_changes_the_rank_and_is_counted() -> None:
    desk = Table(["ann"])
    before = desk.take(seen("ann", T)).ranked[0]
    write = desk.take(seen("ann", T + DAY))
    assert pairs(write.counts) == {"applied": 1, "gaps": 1, "gap_seconds": 86_400}
    assert write.ranked[1] == b"ann"
    assert write.ranked[0] < before


def test_who_is_gone_or_cancels_leaves_ranking_and_timers() -> None:
    desk = Table(["ann"])
    desk.take(seen("ann", T))
    gone = desk.take(mark(T + 31 * DAY))
    # visited once more, when the oldest pending snapshot is due
    assert (gone.ranked, gone.unranked, gone.timers[1], gone.untimed) == ([], [b"ann"], b"ann", [])
    assert pairs(gone.counts) == {"mark": 1}
    settled = desk.take(mark(T + 70 * DAY))
    assert (settled.ranked, settled.unranked, settled.timers, settled.untimed) == ([], [], [], [b"ann"])
    back = desk.take(seen("ann", T + 70 * DAY))
    assert (back.ranked[1], back.timers[1], back.unranked) == (b"ann", b"ann", [])
    cancelled = desk.take(seen("ann", T + 70 * DAY + 1, "cancellation"))
    assert (cancelled.ranked, cancelled.unranked, cancelled.untimed) == ([], [b"ann"], [b"ann"])


def test_rank_is_as_of_the_clock_where_that_is_later_than_the_user() -> None:
    one, other = Table(["ann"]), Table(["ann"])
    early = one.take(seen("ann", T)).ranked[0]
    late = other.take(seen("ann", T), mark(T + 6 * DAY)).ranked[0]
    assert late > early


def test_records_that_touch_nobody_still_move_the_position() -> None:
    desk = Table(["ann"])
    write = desk.take(LogRecord(b"ann", b"{", T), mark(T))
    assert (write.users, write.ranked, write.timers) == ([], [], [])
    assert pairs(write.counts) == {"mark": 1, "dead_letter:malformed": 1}
    assert desk.position.progress() == Progress(offset=2, clock=T, upto=T)


def test_arguments_are_lists_led_by_their_length() -> None:
    desk = Table(["ann"])
    write = desk.take(seen("ann", T))
    arguments = write.arguments(b"before")
    assert arguments[:3] == [b"before", write.after, write.forget]
    at, lists = 3, []
    while at < len(arguments):
        lists.append(arguments[at + 1 : at + 1 + arguments[at]])
        at += 1 + arguments[at]
    assert tuple(lists) == write[2:]


def test_who_is_erased_leaves_the_store_whole_and_may_begin_anew() -> None:
    desk = Table(["ann"])
    desk.take(seen("ann", T), seen("ann", T + 8 * DAY))
    desk.trailers["tier"], desk.trailers["alerted"] = 4, 77
    gone = desk.take(erasure("ann"), mark(T + 8 * DAY))
    assert (gone.users, gone.erased, gone.unranked, gone.untimed) == ([], [b"ann"], [b"ann"], [b"ann"])
    assert [
        int.from_bytes(member[1:3], "little") for member in gone.dropped
    ] == []  # the table keeps no outbox
    assert pairs(gone.counts) == {"erased": 1, "mark": 1}
    assert desk.trailers.tobytes() == trailers([None]).tobytes()
    again = desk.take(seen("ann", T))
    first = Table(["ann"])
    first.position = desk.position
    assert first.take(seen("ann", T)).users == again.users


def test_who_is_erased_and_comes_back_within_a_step_is_written_anew() -> None:
    desk = Table(["ann", "bob"])
    desk.take(seen("ann", T), seen("ann", T + 8 * DAY), seen("bob", T))
    back = desk.take(seen("ann", T + 20 * DAY), erasure("ann"), seen("ann", T), erasure("bob"))
    assert back.erased == [b"bob"]
    assert list(pairs(back.users)) == [b"ann"]
    assert desk.states["id_count"].tolist() == [1, 0]
    # taken before the erasure, in this step: dropped unseen
    assert back.kept == []
    assert {member[3:6] for member in back.dropped} == {b"ann"}
