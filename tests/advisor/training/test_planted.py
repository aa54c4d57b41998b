"""Who leaves in a made-up shop leaves for one reason, and that reason comes out on top."""

import csv
import datetime as dt
import io
from pathlib import Path
from random import Random
from typing import Any

import pytest

from advisor.insights.campaigns import Offer
from advisor.training.training import Asked, Summary, train
from ebbwatch.settings import Settings
from online_model.explain.themes import theme_of
from tests.advisor.training.files import prepared

BEGIN = dt.datetime(2023, 1, 2, 9, 0, tzinfo=dt.UTC)
DAYS = 300
LEAVES = {"ads": 0.08, "shop": 0.004}
"""Chance that a purchase is the last one, by channel; all else is alike."""


def planted(seed: int, customers: int = 220) -> str:
    chance = Random(seed)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("customer", "date", "total", "channel"))
    rows = []
    for number in range(customers):
        channel = chance.choice(tuple(LEAVES))
        at = chance.uniform(0, DAYS * 0.7)
        while at < DAYS:
            when = BEGIN + dt.timedelta(days=at)
            rows.append((f"c{number:03d}", when, f"{chance.uniform(20, 40):.2f}", channel))
            if chance.random() < LEAVES[channel]:
                break
            at += chance.uniform(4, 8)
    for user, when, total, channel in sorted(rows, key=lambda row: row[1]):
        writer.writerow((user, when.strftime("%Y-%m-%d %H:%M:%S"), total, channel))
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def trained(folder: Path) -> tuple[Summary, list[dict[str, Any]]]:
    prepared(folder, planted(5))
    facts = Settings().model_copy(update={"horizon_days": 20, "inactivity_days": 30}).facts()
    asked = Asked(facts=facts, contestants=("agile",), seed=3, offer=Offer())
    summary, customers = train(folder / "events.parquet", folder / "results", asked)
    return summary, customers.to_pylist()


def test_the_channel_is_what_tells_customers_apart_who_are_equally_silent(
    trained: tuple[Summary, list[dict[str, Any]]],
) -> None:
    """Silence comes first, since who leaves goes silent, and recent activity is silence once more."""
    summary, _ = trained
    names = [one.name for one in summary.importance]
    assert names[:2] == ["silence_over_gap", "days_since_last_session"]
    assert next(name for name in names if theme_of(name) not in ("silence", "activity")) == "channel"


def test_its_customers_are_at_risk_and_are_told_so(trained: tuple[Summary, list[dict[str, Any]]]) -> None:
    _, customers = trained
    mean: dict[str, float] = {}
    for channel in LEAVES:
        said = {
            row["user"]: one["direction"]
            for row in customers
            for one in row["drivers"] or ()
            if one["text"] == f"came by: {channel}"
        }
        assert set(said.values()) == {"raises" if channel == "ads" else "lowers"}
        risks = [row["probability"] for row in customers if row["user"] in said and row["silence_days"] < 8]
        mean[channel] = sum(risks) / len(risks)
    assert mean["ads"] > 1.2 * mean["shop"]
