"""What the star says of a user is what the stream's features say at the same moment, on simulated users."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from batch_jobs.config import BatchConfig, MoneyConfig, ReportConfig
from batch_jobs.running.archived import Archived as Source
from batch_jobs.star.star import Star
from benchmarks.batch.archived import START, Archived
from domain.calendar import DAY_MS
from domain.catalogue import NAMES
from domain.features import features
from domain.offline import Offline
from domain.settings import FactSettings
from producers.simulator.calendar import midnight_ms
from producers.simulator.scenario import Scenario
from producers.simulator.simulation import Simulation

USERS, DAYS, SEED = 120, 70, 11
AS_OFS = (7, 31, 69)
"""Days after the start."""

TOTALS = {
    "sessions_total": "sessions", "active_days_total": "active_days", "events_total": "activities",
    "pages_total": "pages", "conversions": "conversions", "orders_total": "orders", "refunds_total": "refunds",
    "positive_total": "positive", "negative_total": "negative", "tickets_total": "tickets", "upgrades": "upgrades",
    "downgrades": "downgrades", "renewals": "renewals", "failed_payments": "failed_payments",
}  # fmt: skip
MONEY = {"spend_total": "spent", "discount_total": "discounted", "refunded_total": "refunded"}
WINDOWS = {"sessions": "sessions", "events": "activities", "pages": "pages", "active_days": "active_days"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    Archived(folder, USERS, DAYS, SEED, Scenario()).write(DAYS)
    return folder


def streamed(days: int) -> dict[str, dict[str, float]]:
    """Features by user from the folded states of all events before so many days."""
    as_of = midnight_ms(START) + days * DAY_MS
    offline = Offline(FactSettings(), "")
    for chunk in Simulation(USERS, DAYS, SEED, START).chunks():
        for time, key, value in zip(chunk.times.tolist(), chunk.keys, chunk.values, strict=True):
            if time < as_of:
                offline.send(key, value)
    offline.mark(as_of)
    offline.fold()
    slots = np.arange(len(offline.users))
    found = features(offline.states, slots, np.full(len(slots), as_of))
    return {
        user: dict(zip(NAMES, row, strict=True))
        for user, row in zip(offline.users, found.tolist(), strict=True)
    }


@pytest.mark.parametrize("days", AS_OFS)
def test_users_are_those_of_the_stream(archive: Path, days: int) -> None:
    expected = streamed(days)
    as_of = START + timedelta(days=days)
    source = Source(
        BatchConfig(
            archive=str(archive / "log"), folder=str(archive / "work"), results="", kept=1, facts=FactSettings(),
            ledger=str(archive), money=MoneyConfig(), registry=str(archive / "registry"), key="unused in here",
            look_s=1.0, minute=0, report=ReportConfig(),
        )
    )  # fmt: skip
    assert source.clock is not None
    assert source.clock.date() == START + timedelta(days=DAYS)
    with source.star(as_of, lambda *_: None) as star:
        people = {row["user"]: row for row in star.users.to_pyarrow().to_pylist()}
        windows = {length: _window(star, as_of, length) for length in (1, 7, 30)}
    assert people.keys() == expected.keys()
    for user, row in people.items():
        own = expected[user]
        told = {feature: row[column] for feature, column in TOTALS.items()}
        told |= {feature: row[column] / 100 for feature, column in MONEY.items()}
        told["minutes_total"] = row["session_ms"] / 1000 / 60
        told["tenure_days"] = _days(as_of, row["origin"])
        if row["last_active"] is not None:
            told["days_since_last_session"] = _days(as_of, row["last_active"])
        if row["orders"]:
            told["basket_mean"] = row["spent"] / 100 / row["orders"]
            told["items_per_order"] = row["items"] / row["orders"]
        for length, by_user in windows.items():
            for feature, column in WINDOWS.items():
                told[f"{feature}_{length}d"] = by_user.get(user, {}).get(column, 0)
        assert told == {feature: own[feature] for feature in told}, user


def _days(as_of: date, moment: datetime) -> float:
    then = round(moment.timestamp() * 1000)
    return ((as_of - date(1970, 1, 1)).days * DAY_MS - then) / DAY_MS


def _window(star: Star, as_of: date, length: int) -> dict[str, dict[str, int]]:
    """The day of the as-of, of which nothing is known yet, and those before it."""
    days = star.daily.filter(star.daily.day > as_of - timedelta(days=length))
    found = days.group_by("user").agg(
        sessions=days.sessions.sum(), activities=days.activities.sum(), pages=days.pages.sum(),
        active_days=(days.activities > 0).cast("int64").sum(),
    )  # fmt: skip
    return {row["user"]: row for row in found.to_pyarrow().to_pylist()}
