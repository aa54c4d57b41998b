"""Documents of results, for programs."""

from batch_jobs.results.shown import document
from tests.batch_jobs.exporter import found


def test_survival_is_curves_by_group() -> None:
    tables = found.survival(2, 5)
    shown = document("survival", tables)
    assert list(shown["curves"]) == ["all", "plan=p0", "plan=p1"]
    assert shown["curves"]["all"][2] == {
        "day": 2,
        "survival": 0.8,
        "lower": 0.8,
        "upper": 0.8,
        "at_risk": 998,
    }
    assert [len(rows) for rows in shown["curves"].values()] == [5, 5, 5]
    assert shown["medians"] == tables["medians"].to_pylist()


def test_retention_is_cohorts_with_their_periods() -> None:
    shown = document("retention", found.retention(4))
    assert [(row["size"], row["periods"]) for row in shown["cohorts"]] == [
        (50, [1, 1 / 2, 1 / 3, 1 / 4]), (51, [1, 1 / 2, 1 / 3]), (52, [1, 1 / 2]), (53, [1])
    ]  # fmt: skip
    assert [row["cohort"].isoformat() for row in shown["cohorts"][:2]] == ["2024-01-01", "2024-01-08"]
    assert shown["cohorts_by_day"] == []
    assert [row["periods"] for row in shown["cohorts_by_month"]] == [[]] * 4
    assert "retention" not in shown


def test_what_a_job_goes_on_from_is_not_told() -> None:
    tables = found.overview()
    assert document("overview", {**tables, "kept_x": next(iter(tables.values()))}) == document(
        "overview", tables
    )


def test_other_jobs_are_rows() -> None:
    tables = found.overview()
    assert document("overview", tables) == {name: table.to_pylist() for name, table in tables.items()}
