"""What people are shown: users, the live view, progress, and the verdict of a comparison."""

import numpy as np
import pytest
from rich.console import Console

from domain.decode import Decoder
from domain.records import side_by_side
from domain.settings import FactSettings
from domain.state import States, empty
from domain.steps import Due, Partition, Progress
from ebbwatch.live import Rate, screen
from ebbwatch.progress import StreamProgress
from ebbwatch.verify import PartitionReport, summed
from feature_store.lookup import Facts, Totals
from online_model import own_rhythm
from online_model.own_rhythm import Population
from online_model.risk import Risk
from online_model.tiers import Thresholds
from profiles.serving import Serving
from profiles.views import Basis, UserView, judged, view
from tests.domain.histories import DAY, LogRecord, event, mark

FACTS = FactSettings()
T = 1_500_000_000_000
HABIT = Population(990, 990 * 3 * 86_400)
BASIS = Basis(Risk(), HABIT, FACTS.horizon_ms, Thresholds())
UNTRAINED = Serving(Risk(), None, (), None, None)


def folded(*records: LogRecord) -> tuple[list[str], States]:
    batch = Decoder(0, 1, FACTS).decode(side_by_side(records))
    part = Partition(batch, 0, empty(len(batch.users)), batch.users, Due(batch.users, True), FACTS)
    list(part.steps(Progress(offset=0)))
    return batch.users, part.states


def viewed(*records: LogRecord, clock: int) -> dict[str, UserView]:
    users, states = folded(*records)
    found = judged(Facts(0, users, states, clock), BASIS)
    return {user: view(found, slot, BASIS, {}) for slot, user in enumerate(users)}


def came(user: str, *days: int) -> list[LogRecord]:
    return [event(user, T + d * DAY, "page_view", f"{user}{d}") for d in days]


def test_a_user_is_shown_as_of_the_clock_with_risk_tier_and_reasons() -> None:
    clock = T + 20 * DAY
    shown = viewed(*came("often", *range(9)), *came("now", *range(20, 11, -1))[::-1], clock=clock)
    often, now = shown["often"], shown["now"]
    users, states = folded(*came("often", *range(9)))
    risk = own_rhythm.risks(states, np.array([0]), np.array([clock]), HABIT, FACTS.horizon_ms)[0]
    assert users == ["often"]
    assert often.risk == pytest.approx(risk, rel=1e-12)
    assert often.tier == "high"
    assert (often.as_of, often.silence_days, often.sessions, often.model) == (clock, 12.0, 9, "own-rhythm-1")
    assert often.reasons[0] == "no session for 12 days; the usual gap is 24 hours"
    assert now.risk is not None
    assert now.risk < 0.4
    assert now.tier == "low"


def test_who_is_gone_cancelled_or_never_came_has_no_risk() -> None:
    shown = viewed(
        *came("gone", 0), mark(T + 31 * DAY), *came("left", 31),
        event("left", T + 31 * DAY + 1, "cancellation", "c"), event("bill", T + 31 * DAY, "renewal", "r"),
        clock=T + 32 * DAY,
    )  # fmt: skip
    for view_ in shown.values():
        assert (view_.risk, view_.tier, view_.reasons) == (None, "gone", []), view_.user
    assert shown["bill"].silence_days is None
    assert shown["gone"].silence_days == 32.0


def test_the_users_last_event_may_be_ahead_of_the_clock() -> None:
    assert viewed(*came("ann", 3), clock=T)["ann"].as_of == T + 3 * DAY


def test_the_rate_is_that_of_the_last_seconds() -> None:
    rate = Rate()
    assert rate.update(0.0, 0) == 0.0
    assert rate.update(1.0, 1000) == 1000.0
    assert rate.update(2.0, 1000) == 500.0
    for second in range(3, 20):
        last = rate.update(float(second), 1000 + (second - 2) * 50)
    assert last == pytest.approx(50.0)
    assert rate.update(19.0, 1850) == pytest.approx(50.0)


def shown(*rest: object) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(*rest)
    console.file.close()
    return console.export_text()


def test_the_live_view_shows_what_flows_and_who_drifts_away() -> None:
    totals = Totals(
        {"applied": 1234, "late": 5, "dead_letter:malformed": 3, "dead_letter:future": 4, "mark": 9}, 77, 66
    )
    users = list(viewed(*came("often", *range(9)), clock=T + 20 * DAY).values())
    text = shown(
        screen(
            StreamProgress(5000, 4000, T),
            98765.4,
            totals,
            {"high": 1, "medium": 2, "low": 63},
            users,
            UNTRAINED,
        )
    )
    for word in (
        "2017-07-14 02:40",
        "98,765",
        "1,000",
        "1,234",
        "77",
        "66",
        "often",
        "no session for 12 days",
        "own_rhythm",
        "nothing is learned yet: the baseline serves",
    ):
        assert word in text, word
    assert "dead letters" in text
    assert " 7 " in text
    empty_ = shown(screen(StreamProgress(0, 0, 0), 0.0, Totals({}, 0, 0), {}, [], UNTRAINED))
    assert "nobody has been quiet long enough yet" in empty_


def test_lag_is_what_is_not_read() -> None:
    assert StreamProgress(total=10, read=7, clock=0).lag == 3


def report(partition: int, differences: list[str], **events: int) -> PartitionReport:
    return PartitionReport(
        partition=partition, users=10, events=events, snapshots=4, outcomes=3, emptied=2, passed=1,
        differences=differences,
    )  # fmt: skip


def test_the_verdict_is_over_all_partitions() -> None:
    same = summed([report(1, [], applied=5, mark=1), report(0, [], applied=7, late=2)])
    assert (same.identical, same.users, same.records, same.differences) == (True, 20, 15, [])
    assert (same.snapshots, same.outcomes, same.emptied, same.passed) == (8, 6, 4, 2)
    assert list(same.events.items()) == [("applied", 12), ("late", 2), ("mark", 1)]
    other = summed([report(1, ["b"], applied=5), report(0, [f"a{i}" for i in range(9)])])
    assert not other.identical
    assert other.differences == ["a0", "a1", "a2", "a3", "a4", "b"]
