"""Scores into trailers and alerts, up to where they leave."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from prometheus_client import CollectorRegistry

from domain.actions import DEFAULT
from domain.alerts import DAY_MS, HIGH, LOW, MEDIUM, NEVER, SILENT, Alert, Policy, alert_id
from domain.brake import HOUR_MS
from domain.brake import decode as brake_of
from domain.hashing import hashes_of
from domain.state import States, empty
from feature_store.alerts import BRAKE, BrakeCommand
from feature_store.position import RefusedError
from feature_store.served import Trailers, known, trailers
from online_model.reasons import Reason
from online_model.tiers import Thresholds
from stream_processors.alerting import Alerting, Desk, Moment, Scope
from stream_processors.metrics import WorkerMetrics

T = 1_700_000_000_000
HORIZON = 30 * DAY_MS
POLICY = Policy()


class Given(NamedTuple):
    """Risks as given, of two versions: users of even place have the first."""

    risk: Sequence[float]
    versions: Sequence[str] = ("first-1",)
    by_former: "Given | None" = None
    thresholds: Thresholds | None = None

    def former(self) -> "Given | None":
        return self.by_former

    def serving(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return np.arange(len(hashes)) % len(self.versions)

    def risks(
        self,
        states: States,
        slots: npt.NDArray[np.int64],
        nows: npt.NDArray[np.int64],
        hashes: npt.NDArray[np.uint64],
    ) -> npt.NDArray[np.float64]:
        return np.array(self.risk)[slots]

    def reasons(self, states: States, slot: int, now: int, user_hash: np.uint64) -> Sequence[Reason]:
        return [Reason("it is raining", -0.5, "weather"), Reason("no session for 19 days", 0.4, "silence")]


class Room:
    """Some users at risk, scored again and again."""

    def __init__(self, users: int = 1, live: bool = True, stored: dict[bytes, bytes] | None = None) -> None:
        self.sent: list[Alert] = []
        self.broken = False
        metrics = WorkerMetrics(CollectorRegistry())
        self.desk = Desk(POLICY, DEFAULT, HORIZON, self._send, metrics)
        self.desk.live = live
        self.states = empty(users)
        self.states["sessions"] = 1
        for name in ("first_ms", "last_ms", "last_active_ms", "first_session_ms"):
            self.states[name] = T - DAY_MS
        self.users = [b"user-%d" % n for n in range(users)]
        self.trailers = trailers([None] * users)
        self.stored: dict[bytes, bytes] = dict(stored or {})
        self.alerting = Alerting(self.desk, 3, self.stored)
        self.offset = 100

    async def _send(self, alerts: Sequence[tuple[bytes, bytes]]) -> None:
        if self.broken:
            raise OSError("Kafka is away")
        for user, value in alerts:
            alert = msgspec.json.decode(value, type=Alert)
            assert alert.user.encode() == user
            self.sent.append(alert)

    def score(
        self,
        *risk: float,
        days: float = 0,
        versions: Sequence[str] = ("first-1",),
        former: Given | None = None,
        thresholds: Thresholds | None = None,
        **moment: Any,
    ) -> Trailers:
        """Score everybody, and store what comes of it."""
        self.offset += 1
        clock = T + int(days * DAY_MS)
        at = Moment(clock, self.offset, clock + 7, clock + 9)._replace(**moment)
        hashes = hashes_of([user.decode() for user in self.users])
        scope = Scope(self.states, np.arange(len(self.users)), self.users, hashes)
        scored = self.alerting.score(scope, self.trailers, Given(risk, versions, former, thresholds), at)
        self.trailers = scored.trailers
        self.stored |= dict(zip(scored.alerts[0::2], scored.alerts[1::2], strict=True))
        return self.trailers

    @property
    def waiting(self) -> list[Alert]:
        """Alerts in the store."""
        return [msgspec.json.decode(v, type=Alert) for field, v in self.stored.items() if field != BRAKE]


def test_an_alert_says_who_why_what_it_is_worth_and_what_to_do() -> None:
    room = Room()
    room.states["orders"] = 1
    week = (T // DAY_MS + 3) // 7
    room.states["week"] = week
    room.states["weeks"][:, week % 32, 6] = 26_000  # money spent in minor units
    room.score(0.2)
    room.score(0.75, days=1)
    (alert,) = room.waiting
    spend = 260 / 4 * 30 / 7
    assert alert == Alert(
        id=alert_id("user-0", "3:102"), kind="raised", user="user-0", time=T + DAY_MS, recorded=T + DAY_MS + 7,
        source="3:102", tier="high", tier_before="low", risk=0.75, risk_before=0.2,
        reasons=["it is raining", "no session for 19 days"], expected_spend=alert.expected_spend,
        value_at_risk=alert.value_at_risk, action=DEFAULT["silence"]["high"], model="first-1",
        expires=T + 8 * DAY_MS, deliver=True, held=False,
    )  # fmt: skip
    assert alert.expected_spend == pytest.approx(spend)
    assert alert.value_at_risk == pytest.approx(0.75 * spend)


def test_who_is_gone_resolves_the_alert() -> None:
    room = Room()
    room.score(0.2)
    room.score(0.75)
    room.states["gone"] = 1
    room.score(0.75, days=1)
    resolved = room.waiting[1]
    assert (resolved.kind, resolved.tier, resolved.tier_before, resolved.risk) == (
        "resolved",
        "gone",
        "high",
        None,
    )
    assert (resolved.reasons, resolved.action, resolved.value_at_risk) == ([], "", 0.0)


async def test_alerts_leave_after_they_are_stored_and_again_after_a_crash() -> None:
    room = Room(2)
    room.score(0.2, 0.2)
    assert await room.alerting.deliver() == []
    room.score(0.5, 0.8)
    room.broken = True
    with pytest.raises(OSError, match="away"):
        await room.alerting.deliver()
    assert room.sent == []
    fresh = Room(2, stored=room.stored)  # the worker died before it had sent them
    left = await fresh.alerting.deliver()
    assert [alert.id for alert in fresh.sent] == [alert.id for alert in room.waiting]
    assert sorted(left) == sorted(alert.id.encode() for alert in room.waiting)
    fresh.alerting.forget(left)
    assert await fresh.alerting.deliver() == []


async def test_alerts_of_who_was_erased_do_not_leave() -> None:
    room = Room(2)
    room.score(0.2, 0.2)
    room.score(0.5, 0.8)
    ids = {alert.user: alert.id.encode() for alert in room.waiting}
    assert room.alerting.recall({b"user-1"}) == [ids["user-1"]]
    assert await room.alerting.deliver() == [ids["user-0"]]
    assert [alert.user for alert in room.sent] == ["user-0"]
    assert room.alerting.recall({b"user-1"}) == []


def test_a_step_that_was_not_written_raises_the_same_alert_again() -> None:
    one, other = Room(), Room()
    for room in (one, other):
        room.score(0.2)
        room.score(0.75)
    assert one.waiting == other.waiting
    assert one.trailers.tobytes() == other.trailers.tobytes()


def test_nothing_is_raised_unless_the_log_is_followed_live() -> None:
    room = Room(live=False)
    room.score(0.2)
    room.score(0.9, days=1)
    assert room.stored == {}
    assert (room.trailers["rank"][0], room.trailers["basis"][0]) == (90, SILENT)
    assert known(room.trailers).tiers.tolist() == [NEVER]
    room.desk.live = True
    room.score(0.9, days=2)
    room.score(0.9, days=3)
    assert room.waiting == []
    assert known(room.trailers).tiers.tolist() == [HIGH]


def test_thresholds_that_are_published_take_the_place_of_the_settings_and_raise_nothing_by_themselves() -> (
    None
):
    room = Room(3)
    narrow, wide = Thresholds(medium=0.5, high=0.9), Thresholds(medium=0.3, high=0.8)
    room.score(0.45, 0.2, 0.2, thresholds=narrow)
    assert known(room.trailers).tiers.tolist() == [LOW, LOW, LOW]
    # the first is in another tier since that begins elsewhere now; the second rises by itself, by both
    former = Given((0.45, 0.85, 0.2), thresholds=narrow)
    room.score(0.45, 0.85, 0.2, days=1, thresholds=wide, former=former)
    assert known(room.trailers).tiers.tolist() == [MEDIUM, HIGH, LOW]
    assert [alert.user for alert in room.waiting] == ["user-1"]
    room.score(0.45, 0.85, 0.31, days=2, thresholds=wide)
    assert {alert.user for alert in room.waiting} == {"user-1", "user-2"}
    # and where none are published, those of the settings hold
    room.score(0.45, 0.85, 0.31, days=3)
    assert known(room.trailers).tiers.tolist() == [MEDIUM, HIGH, LOW]


def test_a_rise_that_falls_together_with_a_swap_is_raised_if_the_former_version_sees_it_too() -> None:
    room = Room(3)
    room.score(0.2, 0.2, 0.2)
    former = Given((0.8, 0.3, 0.8))
    room.score(0.75, 0.8, 0.3, days=1, versions=("second-2",), former=former)
    # the second has risen for the new version alone, the third for the former one alone
    assert [(alert.user, alert.model, alert.risk) for alert in room.waiting] == [("user-0", "second-2", 0.75)]
    room.score(0.75, 0.8, 0.3, days=2, versions=("second-2",), former=former)
    assert len(room.waiting) == 1
    assert known(room.trailers).tiers.tolist() == [HIGH, HIGH, LOW]


def test_a_version_that_swaps_in_raises_nothing_and_each_user_is_compared_within_their_own() -> None:
    room = Room(2)
    room.score(0.2, 0.2)
    room.score(0.8, 0.8, versions=("first-1", "second-2"))  # the second user is served by another now
    assert [(alert.user, alert.model) for alert in room.waiting] == [("user-0", "first-1")]
    room.score(0.8, 0.3, versions=("first-1", "second-2"))
    room.score(0.8, 0.5, versions=("first-1", "second-2"))
    assert [(alert.user, alert.model) for alert in room.waiting][1:] == [("user-1", "second-2")]


def test_an_alert_over_a_day_old_is_kept_and_not_sent_on() -> None:
    for late, deliver in ((DAY_MS, True), (DAY_MS + 1, False)):
        room = Room()
        room.score(0.2)
        room.score(0.75, wall=T + late)
        assert [alert.deliver for alert in room.waiting] == [deliver]


def test_many_rises_at_one_mark_are_held() -> None:
    room = Room(100)
    room.score(*[0.2] * 100)
    room.score(*[0.8] * 30, *[0.2] * 70, days=1)
    assert [(alert.held, alert.deliver) for alert in room.waiting] == [(True, False)] * 30
    assert brake_of(room.stored[BRAKE]).cause == "rises"
    calm = Room(100, stored=room.stored)  # another worker goes on with the brake
    calm.trailers = room.trailers
    calm.score(*[0.2] * 99, 0.8, days=1.01)
    assert [alert.held for alert in calm.waiting if alert.source == "3:101"] == [True] * 31


def test_an_operator_holds_and_opens() -> None:
    room = Room()
    room.score(0.2)
    room.desk.command = BrakeCommand("hold", T)
    room.score(0.5, days=8)
    room.desk.command = BrakeCommand("open", T + 9 * DAY_MS)
    room.score(0.8, days=16)
    assert [alert.held for alert in room.waiting] == [True, False]


def test_events_are_counted_by_the_hour_of_kafkas_time() -> None:
    room = Room()
    room.score(0.2, arrived=[(T // HOUR_MS, 5)])
    room.score(0.2, arrived=[(T // HOUR_MS, 2), (T // HOUR_MS - 1, 4)])
    brake = brake_of(room.stored[BRAKE])
    assert [brake.counts[(T // HOUR_MS - back) % 192] for back in range(3)] == [7, 4, 0]


def test_the_tier_and_the_last_alert_are_served() -> None:
    room = Room(3)
    room.score(0.2, 0.5, 0.9)
    room.score(0.5, 0.5, 0.1, days=1)
    served = known(room.trailers)
    assert served.tiers.tolist() == [MEDIUM, MEDIUM, LOW]
    assert served.open.tolist() == [True, False, False]
    assert served.alerted.tolist() == [(T + DAY_MS) // 60_000 * 60_000, 0, 0]
    assert room.trailers["rank"].tolist() == [50, 50, 10]


@pytest.mark.parametrize("stored", [{BRAKE: b"?"}, {b"0123456789abcdef": b"{}"}])
def test_damaged_alerts_are_refused(stored: dict[bytes, bytes]) -> None:
    with pytest.raises(RefusedError, match=r"partition 3.*ebbwatch rebuild"):
        Room(stored=stored)
