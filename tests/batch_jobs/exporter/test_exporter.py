"""What Prometheus reads: it parses, its labels are bounded and sort as texts, and it stands when results do not."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from prometheus_client.parser import text_string_to_metric_families

from batch_jobs.exporter.courses import MOST_CHURN_WEEKS, MOST_WEEKS
from batch_jobs.exporter.gauges import MOST_COHORTS, MOST_DAYS, MOST_GROUPS
from batch_jobs.exporter.page import Page
from batch_jobs.exporter.port import serve
from batch_jobs.results.results import Results, open_results
from batch_jobs.results.run import Attempt, Basis
from ebbwatch.metrics_reference import LABELS, described
from tests.batch_jobs.exporter import found
from tests.promtool import require_clean_metrics

METRICS = {metric.name: metric for metrics in described().values() for metric in metrics}
Labels = frozenset[tuple[str, str]]


class Clock:
    now = 1_714_608_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return open_results(str(tmp_path))


def put(results: Results, job: str, tables: Mapping[str, pa.Table], day: int = 1) -> None:
    basis = Basis(as_of=date(2024, 5, day), settings="s", archive="1")
    results.note(job, Attempt(as_of=basis.as_of, begun=1_714_600_000_000, ended=1_714_600_004_000))
    results.write(job, basis, tables, 1_714_600_000_000, lambda: 1_714_600_004_000, lambda: None)


def read(page: Page) -> dict[str, dict[Labels, float]]:
    """By name and labels."""
    read: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(page.text().decode()):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            assert labels not in read.get(sample.name, {}), f"{sample.name} {labels} is there twice"
            read.setdefault(sample.name, {})[labels] = sample.value
    return read


def shown(results: Results) -> dict[str, dict[Labels, float]]:
    page = Page(results, Clock())
    page.refresh()
    assert page.fault is None
    return read(page)


def test_promtool_finds_nothing(results: Results) -> None:
    for job in ("overview", "retention", "survival", "segments", "engagement", "value"):
        put(results, job, getattr(found, job)())
    page = Page(results, Clock())
    page.refresh()
    require_clean_metrics(page.text().decode())


def label(**values: str) -> Labels:
    return frozenset(values.items())


def test_before_the_first_run_there_are_no_gauges_of_results(results: Results) -> None:
    assert {name for name, samples in shown(results).items() if samples} == {
        "ebbwatch_exporter_readable", "ebbwatch_exporter_restarts"
    }  # fmt: skip


def test_cohorts_are_weekly_padded_and_unripe_cells_absent(results: Results) -> None:
    put(results, "retention", found.retention(5))
    metrics = shown(results)
    cells = metrics["ebbwatch_cohort_retention_ratio"]
    assert len(cells) == 5 + 4 + 3 + 2 + 1
    assert cells[label(cohort="2024-01-08", period="W03")] == 0.25
    assert label(cohort="2024-01-29", period="W01") not in cells
    assert metrics["ebbwatch_cohort_size_users"][label(cohort="2024-01-01")] == 50
    assert metrics["ebbwatch_cohort_retention_weighted_mean_ratio"][label(period="W04")] == 0.2


def test_survival_on_one_grid_of_days(results: Results) -> None:
    put(results, "survival", found.survival(2, 40))
    metrics = shown(results)
    curve = metrics["ebbwatch_survival_ratio"]
    assert curve[label(group_kind="all", group="all", day="007", bound="estimate")] == 1 - 7 / 80
    assert len(curve) == 3 * (3 * 40 - 2), "where nobody is followed there is no sample"
    assert metrics["ebbwatch_survival_at_risk_users"][label(group_kind="plan", group="p1", day="003")] == 496
    assert metrics["ebbwatch_survival_median_seconds"] == {label(group_kind="all", group="all"): 31 * 86_400}


def test_labels_are_bounded_whatever_the_results(results: Results) -> None:
    put(results, "overview", found.overview(500))
    put(results, "retention", found.retention(60))
    put(results, "survival", found.survival(30, 900))
    put(results, "segments", found.segments(80))
    put(results, "engagement", found.engagement(80))
    put(results, "value", found.value(80))
    metrics = shown(results)

    def values(name: str, of: str) -> list[str]:
        return sorted({dict(labels)[of] for labels in metrics[name]})

    assert len(values("ebbwatch_churn_ratio", "value")) == MOST_GROUPS + 1
    cohorts = values("ebbwatch_cohort_retention_ratio", "cohort")
    assert cohorts == values("ebbwatch_cohort_size_users", "cohort")
    assert len(cohorts) == MOST_COHORTS
    assert cohorts[-1] == "2025-02-17", "the latest ones"
    days = values("ebbwatch_survival_ratio", "day")
    assert len(days) == MOST_DAYS
    assert (days[0], days[-1]) == ("000", "899")
    assert days == sorted(days, key=int), "as texts they sort as numbers"
    assert values("ebbwatch_survival_ratio", "group") == sorted(
        ["all", *(f"p{n}" for n in range(MOST_GROUPS))]
    )
    assert len(values("ebbwatch_segment_users", "segment")) == MOST_GROUPS
    assert len(values("ebbwatch_segment_moved_users", "from")) == MOST_GROUPS
    assert len(values("ebbwatch_engagement_active_users", "value")) == MOST_GROUPS + 1
    assert values("ebbwatch_value_lifetime_money", "months") == ["006", "012"]
    assert len(values("ebbwatch_value_at_risk_money", "group")) == MOST_GROUPS + 1
    assert len(values("ebbwatch_engagement_feature_users", "feature")) == MOST_GROUPS
    assert len(values("ebbwatch_engagement_lifecycle_users", "ago")) == MOST_WEEKS
    assert len(values("ebbwatch_engagement_daily_active_users", "value")) == MOST_GROUPS + 1
    assert len(values("ebbwatch_churn_weekly_ratio", "ago")) == MOST_CHURN_WEEKS
    assert sum(map(len, metrics.values())) < 10_000
    for name, samples in metrics.items():
        for of in METRICS[name].labels:
            assert not samples or len(values(name, of)) <= LABELS[of][1], (name, of)


def test_past_days_and_weeks_are_told_by_how_long_ago_they_were(results: Results) -> None:
    put(results, "engagement", found.engagement())
    metrics = shown(results)
    daily = metrics["ebbwatch_engagement_daily_active_users"]
    assert daily[label(dimension="all", value="all", window="day", ago="001")] == 50
    assert label(dimension="channel", value="c0", window="day", ago="000") not in daily, "by the week alone"
    assert daily[label(dimension="channel", value="c0", window="week", ago="000")] == 69
    assert metrics["ebbwatch_engagement_lifecycle_users"][label(state="new", ago="002")] == 3
    assert metrics["ebbwatch_engagement_conversion_ratio"][label(ago="000")] == 0.5
    assert metrics["ebbwatch_engagement_funnel_users"][label(stage="trials")] == 3 * 20
    churn = metrics["ebbwatch_churn_weekly_ratio"]
    assert churn[label(dimension="all", value="all", bound="upper", ago="001")] == 0.3
    assert label(dimension="channel", value="c0", bound="upper", ago="001") not in churn
    assert churn[label(dimension="channel", value="c0", bound="estimate", ago="001")] == 0.2


def test_tests_between_curves_and_moves_between_tiers(results: Results) -> None:
    put(results, "survival", found.survival())
    put(results, "value", found.value())
    metrics = shown(results)
    assert metrics["ebbwatch_survival_logrank_p_value"] == {label(group_kind="plan"): 0.01}
    assert metrics["ebbwatch_survival_logrank_chi_squared"] == {label(group_kind="plan"): 9.5}
    assert metrics["ebbwatch_value_tier_moved_users"] == {label(**{"from": "medium", "to": "high"}): 7}
    assert metrics["ebbwatch_value_tier_moved_money"] == {label(**{"from": "medium", "to": "high"}): 12.5}
    assert metrics["ebbwatch_value_at_risk_users"][label(grouping="plan", group="p1")] == 48


def test_engagement_is_of_the_last_day_and_money_in_units(results: Results) -> None:
    put(results, "engagement", found.engagement())
    put(results, "value", found.value())
    metrics = shown(results)
    active = metrics["ebbwatch_engagement_active_users"]
    assert active[label(dimension="all", value="all", window="day")] == 50
    assert active[label(dimension="channel", value="c1", window="week")] == 68
    assert not any(dict(labels)["window"] == "month" for labels in active), "what is not ripe is absent"
    assert metrics["ebbwatch_value_at_risk_money"][label(grouping="plan", group="p0", part="at_risk")] == 50
    assert (
        metrics["ebbwatch_value_lifetime_money"][
            label(grouping="all", group="all", months="012", bound="estimate")
        ]
        == 12
    )
    assert metrics["ebbwatch_value_per_active_user_money"] == {
        label(grouping="all", group="all"): 2, label(grouping="plan", group="p0"): 2,
        label(grouping="plan", group="p1"): 2,
    }  # fmt: skip


def test_figures_and_segments(results: Results) -> None:
    put(results, "overview", found.overview())
    put(results, "segments", found.segments())
    metrics = shown(results)
    assert metrics["ebbwatch_overview_users"] == {
        label(figure="users", period="now"): 100,
        label(figure="users", period="before"): 90,
    }
    assert metrics["ebbwatch_overview_ratio"] == {label(figure="churn_rate", period="now"): 0.25}
    assert metrics["ebbwatch_overview_money"] == {
        label(figure="revenue", period="now"): 1234.5,
        label(figure="revenue", period="before"): 1000,
    }
    assert metrics["ebbwatch_churn_ratio"][label(dimension="all", value="all")] == 0.25
    assert metrics["ebbwatch_segment_revenue_money"][label(segment="s00")] == 123.45
    assert metrics["ebbwatch_segment_moved_users"][label(**{"from": "s01", "to": "none"})] == 7
    assert metrics["ebbwatch_segment_churn_ratio"][label(segment="s01", bound="upper")] == 0.6


def test_jobs_their_age_and_success(results: Results) -> None:
    put(results, "overview", found.overview())
    put(results, "survival", found.survival())
    results.note("survival", Attempt(as_of=date(2024, 5, 2), begun=1, ended=2, fault="no"))
    results.note("value", Attempt(as_of=date(2024, 5, 2), begun=1, ended=2, fault="no"))
    metrics = shown(results)
    assert {dict(labels)["batch_job"]: value for labels, value in metrics["ebbwatch_job_success"].items()} == {
        "overview": 1, "survival": 0, "value": 0
    }  # fmt: skip
    assert metrics["ebbwatch_job_age_seconds"][label(batch_job="survival")] == 7996
    assert metrics["ebbwatch_job_duration_seconds"][label(batch_job="survival")] == 4
    assert metrics["ebbwatch_job_as_of_timestamp_seconds"][label(batch_job="survival")] == 1_714_521_600
    assert metrics["ebbwatch_job_rows"][label(batch_job="overview", table="figures")] == 3
    assert label(batch_job="value") not in metrics["ebbwatch_job_age_seconds"]


def test_a_new_run_is_shown_and_the_former_stands_when_it_cannot_be_read(
    results: Results, tmp_path: Path
) -> None:
    page = Page(results, Clock())
    put(results, "segments", found.segments(2))
    put(results, "survival", found.survival())
    page.refresh()
    put(results, "segments", found.segments(5), day=2)
    page.refresh()
    assert len(read(page)["ebbwatch_segment_users"]) == 5
    (tmp_path / "segments" / "current.json").write_text("{")
    put(results, "survival", found.survival(1), day=2)
    page.refresh()
    assert page.fault is not None
    assert "segments/current.json cannot be read" in page.fault
    metrics = read(page)
    assert metrics["ebbwatch_exporter_readable"] == {label(): 0}
    assert len(metrics["ebbwatch_segment_users"]) == 5
    assert len(metrics["ebbwatch_survival_ratio"]) == 3 * (40 + 39)
    (tmp_path / "segments" / "current.json").unlink()
    put(results, "segments", {"segments": pa.table({"other": [1]})}, day=3)
    page.refresh()
    assert page.fault is not None
    assert "segments cannot be shown: KeyError" in page.fault


@contextmanager
def served(page: Page) -> Iterator[str]:
    port = serve("127.0.0.1", 0, page)
    try:
        yield f"http://127.0.0.1:{port.server_port}"
    finally:
        port.shutdown()
        port.server_close()


def test_the_port_answers_and_says_whether_it_is_well(results: Results, tmp_path: Path) -> None:
    put(results, "survival", found.survival())
    page = Page(results, Clock())
    page.refresh()
    with served(page) as url:
        answer = httpx.get(f"{url}/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert answer.content == page.text()
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok", "fault": None}
        assert httpx.get(f"{url}/").status_code == 404
        (tmp_path / "survival" / "attempt.json").write_text("{")
        page.refresh()
        assert httpx.get(f"{url}/healthz").status_code == 503
        assert httpx.get(f"{url}/metrics").content == page.text()


def test_a_scrape_renders_nothing(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    put(results, "survival", found.survival(30, 900))
    page = Page(results, Clock())
    page.refresh()

    def never(*_: object) -> Callable[[], None]:
        raise AssertionError("a scrape reads results")

    monkeypatch.setattr(Results, "read", never)
    monkeypatch.setattr(Results, "pointer", never)
    assert page.text().count(b"ebbwatch_survival_ratio{") == 3 * (MOST_DAYS * (MOST_GROUPS + 1) - MOST_GROUPS)
