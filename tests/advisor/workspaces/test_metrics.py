"""What is told of steps and workspaces, after what."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from advisor.workspaces.metrics import AdvisorMetrics
from advisor.workspaces.outcomes import OUTCOMES, STEPS
from advisor.workspaces.survey import Seen, surveyed
from tests.promtool import require_clean_metrics


class Told:
    """Metrics, with a clock that the test sets."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000
        self.registry = CollectorRegistry()
        self.metrics = AdvisorMetrics(self.registry, 2, lambda: self.now_ms)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"ebbwatch_advisor_{name}", labels)


@pytest.fixture
def told() -> Told:
    return Told()


def test_all_that_can_be_counted_is_there_from_the_start(told: Told) -> None:
    assert told.value("restarts") == 2
    for step in STEPS:
        assert told.value("running_steps", step=step) == told.value("step_seconds_count", step=step) == 0
        assert {told.value("steps_total", step=step, outcome=each) for each in OUTCOMES} == {0}
    require_clean_metrics(generate_latest(told.registry).decode())


def test_a_step_is_running_until_it_has_ended_and_only_good_ones_tell_how_long_they_take(told: Told) -> None:
    told.metrics.begun("train")
    told.metrics.begun("train")
    told.metrics.ended("train", "succeeded", 240)
    told.metrics.ended("train", "cancelled", 0.1)
    told.metrics.begun("read")
    assert told.value("running_steps", step="train") == 0
    assert told.value("running_steps", step="read") == 1
    assert told.value("steps_total", step="train", outcome="succeeded") == 1
    assert told.value("steps_total", step="train", outcome="cancelled") == 1
    assert told.value("step_seconds_sum", step="train") == 240
    assert told.value("step_seconds_bucket", step="train", le="120.0") == 0
    assert told.value("step_seconds_bucket", step="train", le="300.0") == 1


def test_an_age_grows_though_nobody_looks(told: Told) -> None:
    told.metrics.standing(surveyed([Seen("a", "uploaded", 990_000), Seen("b", "failed", 1)], ()))
    assert told.value("oldest_waiting_seconds") == 10
    told.now_ms += 5_000
    assert told.value("oldest_waiting_seconds") == 15
    assert told.value("waiting_workspaces") == 1
    assert told.value("workspaces", state="failed") == 1
    told.metrics.standing(surveyed([Seen("a", "uploaded", told.now_ms + 60_000)], ()))
    assert told.value("oldest_waiting_seconds") == 0, "the clock was set back"
    told.metrics.standing(surveyed([], ()))
    assert (told.value("oldest_waiting_seconds"), told.value("workspaces", state="failed")) == (0, 0)


def test_who_went_by_itself_and_whom_somebody_deleted(told: Told) -> None:
    told.metrics.standing(surveyed([Seen(each, "read", 1) for each in "abcd"], ()))
    told.metrics.standing(surveyed([Seen("d", "read", 1)], ()), ["a"])
    assert told.value("gone_workspaces_total", reason="expired") == 1
    assert told.value("gone_workspaces_total", reason="deleted") == 2
