"""The report: parts of jobs that have results, a picture of cohorts, the same bytes for the same results."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from matplotlib import image
from matplotlib.figure import Figure

from batch_jobs.reports import money
from batch_jobs.reports.document import pdf
from batch_jobs.reports.heatmap import MOST_COHORTS, MOST_PERIODS, Cohort, heatmap
from batch_jobs.reports.report import Report, collected, html, of_day, summary
from batch_jobs.reports.sections import SECTIONS, sections
from batch_jobs.results.results import open_results
from batch_jobs.results.run import Basis
from tests.batch_jobs.exporter import found

DAY = date(2024, 5, 6)
ALL = {
    "overview": found.overview(), "retention": found.retention(), "survival": found.survival(),
    "segments": found.segments(), "value": found.value(), "learners": found.learners(),
}  # fmt: skip


def report(*jobs: str) -> Report:
    return of_day(DAY, sections({job: (DAY, ALL[job]) for job in jobs}, DAY))


def test_the_page_says_what_there_is() -> None:
    page = html(report(*ALL))
    for words in (
        "Ebbwatch as of 2024-05-06", "revenue</td><td>1,234.50</td><td>1,000.00</td><td>+23.4 %",
        "channel: c0</td><td>30</td><td>1</td><td>10.0 %", "Who stays", "In the last 30 days, by",
        "The 30 days from 2024-04-06 to 2024-05-05, beside the 30 days from 2024-03-07 to 2024-04-05.",
        "data:image/png;base64,",
        "everybody</td><td>1,000</td><td>5</td><td>31", "Who has moved", "s00</td><td>s02</td><td>4",
        "everybody</td><td>50</td><td>9</td><td>100.00</td><td>50.00</td><td>2.50", "What is to come",
        "What users bring", "A row a kind since 2024-01-01",
        "svm</td><td>0.300</td><td>0.700</td><td>0.200</td><td>0.250</td><td>–", "latest snapshots",
    ):  # fmt: skip
        assert words in page, words
    assert "not come to this day" not in page
    shown = {section.title: section.picture.name for section in report(*ALL).sections if section.picture}
    assert shown["Who has moved"] == "movement.png"
    assert shown["What users bring"] == "lifetime.png"
    assert page.count("data:image/png;base64,") == len(shown) == 6


@pytest.mark.parametrize("job", SECTIONS)
def test_a_job_without_a_result_has_no_part(job: str) -> None:
    titles = {section.title for section in report(job).sections}
    others = {section.title for section in report(*(set(ALL) - {job})).sections}
    assert titles
    assert not titles & others
    assert "No job has a result yet" in html(report())


def test_empty_tables_make_no_empty_pictures() -> None:
    empty = {
        job: (DAY, {name: table.slice(0, 0) for name, table in tables.items()}) for job, tables in ALL.items()
    }
    found_ = sections(empty, DAY)
    assert [section.title for section in found_] == ["At a glance"]
    assert pdf(of_day(DAY, found_)).startswith(b"%PDF-")


def test_where_there_is_nothing_it_says_why() -> None:
    value = {name: table.slice(0, 0) for name, table in ALL["value"].items()}
    value["reasons"] = pa.Table.from_pylist([{"table": "ltv", "reason": "nobody was followed"}])
    segments = {**ALL["segments"], "movement": ALL["segments"]["movement"].slice(0, 0)}
    said = {
        section.title: section
        for section in sections({"segments": (DAY, segments), "value": (DAY, value)}, DAY)
    }
    assert set(said) == {"Kinds of users", "Who has moved", "What users bring"}
    assert said["What users bring"].words == ["Not to be told yet: nobody was followed."]
    assert "no run of an earlier day" in said["Who has moved"].words[0]
    assert said["Who has moved"].picture is said["What users bring"].picture is None


def test_who_stayed_has_not_moved() -> None:
    stayed = {"since": date(2024, 1, 1), "until": DAY, "from_segment": "Casual", "to_segment": "Casual"}
    movement = pa.Table.from_pylist([{**stayed, "users": 7}, {**stayed, "from_segment": None, "users": 1}])
    (_, said) = sections({"segments": (DAY, {**ALL["segments"], "movement": movement})}, DAY)
    assert said.words[0] == "Nobody's kind has changed since 2024-01-01."
    assert said.grid is None
    assert said.picture is not None


def test_lifetime_values_are_by_plan_where_plans_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []

    def noted(_ltv: pa.Table, grouping: str) -> Figure:
        shown.append(grouping)
        return Figure()

    monkeypatch.setattr(money, "lifetime_curves", noted)
    for plans in (2, 0):
        sections({"value": (DAY, found.value(plans))}, DAY)
    assert shown == ["plan", "all"]


def test_figures_of_a_former_edition_name_no_days() -> None:
    former = {**ALL["overview"], "figures": ALL["overview"]["figures"].drop_columns(["since", "until"])}
    said = summary(of_day(DAY, sections({"overview": (DAY, former)}, DAY)))
    assert "revenue: the last period 1,234.50, the one before 1,000.00" in said


def test_what_says_nothing_of_its_own_is_left_out() -> None:
    churn = [
        {"dimension": dimension, "value": value, "users": 5, "lost": 2, "rate": 0.4}
        for dimension, value in (("plan", "unknown"), ("channel", "unknown"), ("channel", "web"))
    ]
    names = (("all", "all"), ("plan", "unknown"), ("channel", "ad"), ("channel", "rare"))
    groups = [{"view": "passage", "group_kind": k, "group": g, "small": g == "rare"} for k, g in names]
    day = {"day": 90, "survival": 0.25, "lower": 0.2, "upper": 0.3, "at_risk": 5}
    medians = [row | {"users": 9, "events": 4, "median": 60} for row in groups]
    curves = [row | day for row in groups]
    found_ = {
        "overview": (DAY, {"figures": ALL["overview"]["figures"], "churn": pa.Table.from_pylist(churn)}),
        "survival": (
            DAY,
            {n: pa.Table.from_pylist(r) for n, r in (("medians", medians), ("curves", curves))},
        ),
    }
    said = summary(of_day(DAY, sections(found_, DAY)))
    assert "channel: unknown: users 5" in said
    assert "everybody: users 9, lost 4, median days kept 60, kept 90 days 25.0 %" in said
    assert "channel: ad" in said
    assert "plan" not in said
    assert "rare" not in said


def test_names_of_users_of_the_product_are_no_markup() -> None:
    churn = [{"dimension": "channel", "value": "<script>x</script>", "users": 5, "lost": 2, "rate": 0.4}]
    tables = {"figures": ALL["overview"]["figures"], "churn": pa.Table.from_pylist(churn)}
    made = of_day(DAY, sections({"overview": (DAY, tables)}, DAY))
    assert "<script>" not in html(made)
    assert "channel: <script>x</script>: users 5, lost 2" in summary(made)
    assert pdf(made).startswith(b"%PDF-")


def test_a_result_of_another_day_says_so() -> None:
    made = sections(
        {"overview": (DAY, ALL["overview"]), "survival": (date(2024, 5, 1), ALL["survival"])}, DAY
    )
    assert "As of 2024-05-01: the job has not come to this day." in html(of_day(DAY, made))


def test_the_pdf_is_one_and_always_the_same() -> None:
    made = report(*ALL)
    assert pdf(made) == pdf(made)
    assert pdf(made).startswith(b"%PDF-")
    assert len(pdf(made)) > len(pdf(report("overview")))


def test_it_is_collected_from_the_last_good_results(tmp_path: Path) -> None:
    results = open_results(str(tmp_path))
    assert collected(results) is None
    for job, day in (("overview", 6), ("segments", 5)):
        basis = Basis(as_of=date(2024, 5, day), settings="s", archive="1")
        results.write(job, basis, ALL[job], day, lambda: 7, lambda: None)
    made = collected(results)
    assert made is not None
    assert made.as_of == DAY
    assert [section.title for section in made.sections][:2] == ["At a glance", "Where most are lost"]
    assert {section.of for section in made.sections} == {None, date(2024, 5, 5)}


def pixels(png: bytes, tmp_path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    path = tmp_path / "x.png"
    path.write_bytes(png)
    read: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = image.imread(path)
    return read[..., :3]


def test_the_heatmap_leaves_white_what_is_not_over(tmp_path: Path) -> None:
    cohorts = [Cohort(f"c{n}", 10, {p: 0.9 if p == 0 else 0.4 / p for p in range(6 - n)}) for n in range(6)]
    seen = pixels(heatmap(cohorts), tmp_path)
    height, width = seen.shape[:2]
    lower_right = seen[height * 3 // 4 :, width * 3 // 4 :]
    assert lower_right.min() > 0.99
    assert seen[: height // 3, width // 3 :].min() < 0.7


@pytest.mark.parametrize("ratios", [{}, {0: 1.0}, {0: 1.0, 1: 0.0}, dict.fromkeys(range(60), 0.5)])
def test_a_heatmap_of_little_or_much(ratios: dict[int, float], tmp_path: Path) -> None:
    rows = [Cohort(f"2024-01-{n % 28 + 1:02d}", n, ratios) for n in range(40)]
    one, many = pixels(heatmap(rows[:1]), tmp_path), pixels(heatmap(rows), tmp_path)
    assert many.shape[0] > one.shape[0]
    assert many.shape[0] < 1000
    assert many.shape[1] < 3000
    assert (MOST_COHORTS, MOST_PERIODS) == (16, 17)
