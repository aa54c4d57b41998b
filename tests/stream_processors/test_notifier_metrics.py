"""Alerts by state as the sum of their steps, and how long they stay open."""

from random import Random
from typing import get_args

from prometheus_client import CollectorRegistry

from domain.alert_life import AlertState, State, stepped
from domain.control import Step
from stream_processors.notifier_metrics import NotifierMetrics

HOUR_MS = 3_600_000


class Told:
    """Metrics that hear of steps as the projection brings them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = NotifierMetrics(self.registry)
        self.metrics.standing([])
        self.alerts: dict[str, AlertState] = {}
        self.numbers = 0

    def step(self, alert: str, what: str, at: int) -> None:
        self.numbers += 1
        taken = Step(id=f"{alert}.{what}.{self.numbers}", alert=alert, user="u", what=what, at=at, by="test")  # type: ignore[arg-type]
        before = self.alerts.get(alert)
        after = stepped(before, taken)
        if after is not None and after is not before:
            self.alerts[alert] = after
            self.metrics.stepped(before, after, taken)

    def value(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"ebbwatch_notifier_{name}", labels) or 0.0


def test_states_add_up_to_what_the_alerts_are() -> None:
    told, random = Told(), Random(7)
    whats = get_args(Step.__annotations__["what"])
    for at in range(600):
        told.step(f"a{random.randrange(40)}", random.choice(whats), at)
        if random.random() < 0.05 and told.alerts:
            told.metrics.taken_away(told.alerts.pop(random.choice(sorted(told.alerts))))

    for state in get_args(State):
        slow = sum(alert.state == state for alert in told.alerts.values())
        assert told.value("alerts", state=state) == slow, state

    again = Told()
    again.metrics.standing(alert.state for alert in told.alerts.values())
    assert [again.value("alerts", state=s) for s in get_args(State)] == [
        told.value("alerts", state=s) for s in get_args(State)
    ]


def test_handling_runs_from_handing_out_to_the_first_step_of_somebody() -> None:
    told = Told()
    for what, at in (("raised", 0), ("released", HOUR_MS), ("assigned", 2 * HOUR_MS), ("snoozed", 3 * HOUR_MS),
                     ("returned", 4 * HOUR_MS), ("dismissed", 9 * HOUR_MS)):  # fmt: skip
        told.step("a", what, at)

    assert told.value("handling_seconds_sum", step="snoozed") == 2 * 3_600
    assert told.value("handling_seconds_count", step="snoozed") == 1
    assert told.value("handling_seconds_count", step="dismissed") == 0, "it had been taken up before"
    assert told.value("steps_total", step="assigned") == 1


def test_what_was_never_handed_out_is_not_handled() -> None:
    told = Told()
    told.step("a", "raised", 0)
    told.step("a", "resolved", 5)

    assert told.value("handling_seconds_count", step="resolved") == 0
    assert told.value("alerts", state="resolved") == 1
