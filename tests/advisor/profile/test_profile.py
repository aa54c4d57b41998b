"""Every figure as pandas has it from the same rows."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from advisor.intake.events import canonical
from advisor.intake.mapping import as_proposed
from advisor.intake.reading import read
from advisor.profile.page import report
from advisor.profile.profile import FLAGGED, Profile, profile
from advisor.profile.quality import judged
from advisor.threshold.threshold import found as threshold_of
from batch_jobs.reports.document import pdf
from batch_jobs.reports.report import html
from tests.advisor.files import lines, text

NOW = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with doubles, gaps in a column, odd amounts, and days to come."""
    made = tmp_path_factory.mktemp("profile")
    rows = lines(900, seed=11)
    rows = [row._replace(price="99999.00") if n % 97 == 0 else row for n, row in enumerate(rows)]
    rows = [row._replace(product="") if n % 3 == 0 else row for n, row in enumerate(rows)]
    rows = [row._replace(customer="") if n % 50 == 1 else row for n, row in enumerate(rows)]
    rows += rows[10:30]
    (made / "upload").write_text(text(rows))
    return made


@pytest.fixture(scope="module")
def told(folder: Path) -> Profile:
    found = read(folder / "upload", folder / "rows.parquet")
    mapping = as_proposed(found)
    events = canonical(folder / "rows.parquet", found, mapping, folder)
    return profile(
        folder / "rows.parquet",
        folder / "events.parquet",
        found,
        mapping,
        events,
        int(NOW.timestamp() * 1000),
    )


@pytest.fixture(scope="module")
def frame(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "upload", dtype={"Customer ID": str, "Product": str})


@pytest.fixture(scope="module")
def used(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of a customer, as events."""
    kept = frame.dropna(subset=["Customer ID"]).copy()
    kept["at"] = pd.to_datetime(kept["Invoice Date"], utc=True)
    kept["amount"] = (kept["Unit Price"] * kept["Quantity"].abs()).round(2)
    kept["refund"] = kept["Quantity"] < 0
    kept["money"] = kept["amount"].where(~kept["refund"], -kept["amount"])
    return kept


def test_rows_and_columns(told: Profile, frame: pd.DataFrame, used: pd.DataFrame) -> None:
    assert (told.rows, told.events) == (len(frame), len(used))
    assert told.customers == used["Customer ID"].nunique()
    assert told.rejected == {"no_user": int(frame["Customer ID"].isna().sum())}
    assert told.doubles == int(frame.duplicated().sum()) > 0
    assert told.refunds == int(used["refund"].sum())
    assert told.future == int((used["at"] > NOW).sum()) > 0
    for column in told.columns:
        missing = int(frame[column.column].isna().sum())
        assert (column.missing, column.share) == (missing, missing / len(frame))
        assert column.flagged == (missing / len(frame) > FLAGGED)
        assert column.distinct == pytest.approx(frame[column.column].nunique(), rel=0.15)
    assert {c.column: c.kind for c in told.columns} == {
        "Customer ID": "words", "Invoice Date": "moments", "Unit Price": "numbers", "Quantity": "numbers",
        "Product": "words",
    }  # fmt: skip
    assert [c.column for c in told.columns if c.flagged] == ["Product"]


@pytest.mark.parametrize(("what", "column"), [("amount", "amount"), ("quantity", "Quantity")])
def test_outliers(what: str, column: str, told: Profile, used: pd.DataFrame) -> None:
    values = used.loc[~used["refund"], column].astype(float)
    (found,) = (one for one in told.outliers if one.what == what)
    mean, deviation = values.mean(), values.std(ddof=0)
    first, third = values.quantile([0.25, 0.75])
    low, high = first - 1.5 * (third - first), third + 1.5 * (third - first)
    assert found.values == len(values)
    assert found.mean == pytest.approx(mean)
    assert found.deviation == pytest.approx(deviation)
    assert found.beyond_sigmas == int(((values - mean).abs() > 3 * deviation).sum())
    assert found.lower_fence == pytest.approx(low)
    assert found.upper_fence == pytest.approx(high)
    assert found.beyond_fences == int(((values < low) | (values > high)).sum()) > 0


def test_times_and_products(told: Profile, used: pd.DataFrame) -> None:
    months = used.groupby(used["at"].dt.strftime("%Y-%m"))
    expected = [
        (str(month), len(part), part["Customer ID"].nunique(), part["money"].sum()) for month, part in months
    ]
    assert [(m.month, m.events, m.customers) for m in told.months] == [row[:3] for row in expected]
    assert [m.revenue for m in told.months] == pytest.approx([row[3] for row in expected])
    assert list(told.weekdays) == [int((used["at"].dt.dayofweek == day).sum()) for day in range(7)]
    assert list(told.hours) == [int((used["at"].dt.hour == hour).sum()) for hour in range(24)]
    best = used.groupby("Product").agg(lines=("money", "size"), revenue=("money", "sum"))
    best = best.sort_values("revenue", ascending=False)
    assert [(p.product, p.lines) for p in told.best] == list(zip(best.index, best["lines"], strict=True))
    assert told.products == len(best)
    bought = used[~used["refund"]].groupby("Customer ID")["at"].agg(lambda at: at.dt.date.nunique())
    assert told.orders_of_customer == bought.median()
    assert told.first == used["at"].min().isoformat()
    assert told.last == used["at"].max().isoformat()


def test_the_report_says_what_was_found(folder: Path, told: Profile) -> None:
    found = read(folder / "upload", folder / "rows.parquet")
    threshold = threshold_of(folder / "events.parquet")
    name = "<b>.csv"
    made = report(name, found, as_proposed(found), told, threshold, NOW.date())
    page = html(made)
    assert "&lt;b&gt;.csv" in page
    assert f"{told.quality.score:g}" in page
    assert f"{threshold.days} days" in page
    assert "without a customer" in page
    assert pdf(made).startswith(b"%PDF")


GOOD: dict[str, Any] = {
    "rows": 1000, "used": 1000, "doubles": 0, "future": 0, "days": 800.0, "beyond": 0.0, "missing": 0.0,
}  # fmt: skip


def test_quality_is_ten_for_a_good_file_and_falls_with_each_fault() -> None:
    assert judged(**GOOD).score == 10
    assert judged(**GOOD).taken_off == {}
    worse: list[dict[str, Any]] = [
        {"used": 700}, {"doubles": 300}, {"future": 200}, {"days": 190.0}, {"beyond": 0.3}, {"missing": 0.4}
    ]  # fmt: skip
    for change in worse:
        found = judged(**(GOOD | change))
        assert found.score < 10, change
        assert found.score == pytest.approx(10 - sum(found.taken_off.values()), abs=0.051)
        assert len(found.taken_off) >= 1
    everything = {name: value for change in worse for name, value in change.items()}
    assert 0 <= judged(**(GOOD | everything)).score < 5
