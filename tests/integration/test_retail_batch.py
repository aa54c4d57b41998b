"""All jobs over a year of invoices: figures of docs/examples/online-retail.md as pandas has them from the file."""

import os
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from archive.address import address_of
from archive.log import open_log
from batch_jobs.job import Tables
from batch_jobs.results.results import open_results
from tests.integration.place import Place, eventually

DATA = Path(os.environ.get("EBBWATCH_DATA", "../shared/data"))
RETAIL = DATA / "online_retail_2010_2011.csv.zst"
AS_OF = pd.Timestamp("2011-12-09")
SILENCE = pd.Timedelta(days=60)
JOBS = ("overview", "retention", "engagement", "survival", "segments", "value")
Found = Mapping[str, Tables]
Origins = Mapping[str, pd.Timestamp]
"""By user."""

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not here"),
]


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Invoice lines before the as-of: `user`, `t`, `day`, `bought`, `net` (hundredths)."""
    frame = pd.read_csv(RETAIL, dtype={"CustomerID": str, "InvoiceNo": str}).dropna(subset="CustomerID")
    frame["t"] = pd.to_datetime(frame.InvoiceDate)
    frame = frame[frame.t < AS_OF]
    frame["user"], frame["day"] = frame.CustomerID.str.removesuffix(".0"), frame.t.dt.normalize()
    frame["bought"] = (frame.Quantity >= 0) & ~frame.InvoiceNo.str.startswith("C")
    cents = (frame.Quantity.abs() * (frame.UnitPrice * 1000).round().astype(int) + 5) // 10
    frame["net"] = np.where(frame.bought, cents, -cents)
    return frame


@pytest.fixture(scope="module")
def found(module_place: Place) -> Found:
    """Tables by job."""
    place = module_place.but(inactivity_days=60, horizon_days=60)
    sent = place.report("replay", RETAIL.resolve(), "--layout", "online-retail", "--mark-every", "1d")
    records = sent["sent"] + sent["marks"] * place.partitions
    archive = place.home / "archive" / "log"

    def all_there() -> bool:
        return bool(sum(open_log(address_of(archive)).positions(place.partitions).values()) == records)

    with place.archiver():
        eventually("the archive is there", lambda: any((archive / "_delta_log").glob("*.json")))
        eventually("all is archived", all_there, 600.0)
    place.ebbwatch("batch", "run")
    results = open_results(str(place.home / "archive" / "results"))
    read = {job: results.read(job) for job in JOBS}
    assert {pair[0].basis.as_of for pair in read.values() if pair} == {AS_OF.date()}
    return {job: pair[1] for job, pair in read.items() if pair}


def rows(found: Found, job: str, table: str, **keys: Any) -> list[dict[str, Any]]:
    return [row for row in found[job][table].to_pylist() if keys.items() <= row.items()]


def only(found: Found, job: str, table: str, **keys: Any) -> dict[str, Any]:
    (row,) = rows(found, job, table, **keys)
    return row


@pytest.fixture(scope="module")
def origins(lines: pd.DataFrame) -> Origins:
    """First event of those whose beginning the file has."""
    first = lines.groupby("user").t.min()
    return {str(user): time for user, time in first.items() if time >= lines.t.min() + SILENCE}


def test_active_users_and_money(found: Found, lines: pd.DataFrame) -> None:
    everybody = {"dimension": "all", "second": ""}
    bought = lines[lines.bought]
    day = pd.Timestamp("2011-11-17")
    row = only(found, "engagement", "activity", day=day.date(), **everybody)
    for name, days in (("dau", 1), ("wau", 7), ("mau", 30)):
        since = day - pd.Timedelta(days=days - 1)
        assert row[name] == bought[bought.day.between(since, day)].user.nunique(), name

    november = lines[lines.day.between("2011-11-01", "2011-11-30")]
    active = november[november.bought].user.nunique()
    row = only(found, "value", "arpu", grouping="all", month="2011-11")
    assert (row["revenue"], row["active"]) == (november.net.sum(), active)
    assert row["arpu"] == pytest.approx(november.net.sum() / active)

    now = lines[lines.day >= AS_OF - SILENCE]
    before = bought[bought.day.between(AS_OF - 2 * SILENCE, AS_OF - SILENCE, inclusive="left")].user.unique()
    lost = set(before) - set(now[now.bought].user)
    row = only(found, "overview", "churn", dimension="all")
    assert (row["users"], row["lost"]) == (len(before), len(lost))
    assert only(found, "overview", "figures", figure="revenue")["value"] == now.net.sum() / 100
    segments = rows(found, "segments", "segments")
    assert sum(row["users"] for row in segments) == lines.user.nunique()


def test_kinds(found: Found, lines: pd.DataFrame) -> None:
    sizes = {row["segment"]: row for row in rows(found, "segments", "segments")}
    assert set(sizes) == {"One-Night Stands", "At-Risk", "Casual", "Power Users"}
    gone = sizes["One-Night Stands"]
    assert (gone["active"], gone["revenue"]) == (0, 0)
    days = lines[lines.bought].groupby("user").day.agg(["max", "nunique"])
    silent = days["max"] < AS_OF - pd.Timedelta(days=90)
    users = lines.user.nunique() - (~silent).sum()
    assert users <= gone["users"] <= 1.02 * users
    assert (days[silent]["nunique"] == 1).mean() > 0.6


def test_cohorts(found: Found, lines: pd.DataFrame, origins: Origins) -> None:
    for grain in ("day", "week", "month"):
        sizes = rows(found, "retention", "cohorts", grain=grain, dimension="all")
        assert sum(row["size"] for row in sizes) == len(origins)
    own = {user: time.normalize() for user, time in origins.items() if f"{time:%Y-%m}" == "2011-02"}
    bought = lines[lines.bought & lines.user.isin(list(own))]
    months = (bought.day - bought.user.map(own)).dt.days // 30
    for period in range(9):
        cell = only(
            found, "retention", "retention", grain="month", kind="classic", dimension="all",
            cohort=date(2011, 2, 1), period=period,
        )  # fmt: skip
        assert (cell["size"], cell["retained"]) == (len(own), bought[months == period].user.nunique())


def test_survival(found: Found, lines: pd.DataFrame, origins: Origins) -> None:
    visits = lines[lines.bought].groupby("user").t.apply(sorted).to_dict()
    days, losses = [], []
    for user, origin in origins.items():
        known = [origin, *visits.get(user, []), AS_OF]
        ends = (a + SILENCE for a, b in pairwise(known) if b - a >= SILENCE)
        lost = next((end for end in ends if end < AS_OF), None)
        last = AS_OF - pd.Timedelta(days=1) if lost is None else lost
        days.append((last.normalize() - origin.normalize()).days)
        losses.append(lost is not None)
    day, loss = np.array(days), np.array(losses)
    share = 1.0
    expected = [share := share * (1 - (loss & (day == d)).sum() / (day >= d).sum()) for d in range(200)]
    curve = rows(found, "survival", "curves", view="passage", group_kind="all")
    assert [row["survival"] for row in curve[:200]] == pytest.approx(expected)
    for row in rows(found, "survival", "milestones", view="passage", group_kind="all", day=90):
        assert (row["survival"], row["at_risk"]) == (pytest.approx(expected[90]), (day >= 90).sum())


def test_lifetime_values(found: Found, lines: pd.DataFrame, origins: Origins) -> None:
    own = lines[lines.user.isin(list(origins))]
    born = pd.Series({user: time.normalize() for user, time in origins.items()})
    months = (own.day - own.user.map(born)).dt.days // 30
    followed = (AS_OF - born).dt.days // 30
    ripe = [row for row in rows(found, "value", "ltv", grouping="all") if not row["extrapolated"]]
    assert len(ripe) == 10
    for row in ripe:
        month = row["months"] - 1
        known = followed[followed > month].index
        assert (row["members"], row["followed"]) == (len(origins), len(known))
        money = own[(months == month) & own.user.isin(known)].net.sum()
        assert row["margin"] == pytest.approx(money / len(known))
