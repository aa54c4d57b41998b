"""The whole job on users of known kinds."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_jobs.job import Job, Tables
from batch_jobs.segments.folders import MEMBERS, folder_of
from batch_jobs.segments.job import Segments
from batch_jobs.segments.tables import TABLES
from batch_jobs.star.star import Star
from tests.batch_jobs.rows import Day, active, star_of
from tests.batch_jobs.segments.crowds import AS_OF, crowd, kind_of

NAME_OF_KIND = {
    "power": "Power Users",
    "looker": "Window Shoppers",
    "once": "One-Night Stands",
    "fading": "At-Risk",
    "casual": "Casual",
}


def quiet(_what: str, share: float) -> None:
    assert 0 <= share <= 1


def run(folder: Path, star: Star, **parameters: Any) -> Tables:
    job: Job = Segments(folder, **parameters)
    tables = job(star, quiet)
    assert {name: table.schema for name, table in tables.items()} == TABLES
    return tables


def members(folder: Path, star: Star) -> dict[str, str]:
    table = pq.read_table(folder_of(folder, star.as_of) / MEMBERS)
    return dict(zip(table["user"].to_pylist(), table["segment"].to_pylist(), strict=True))


def rows_of(tables: Tables, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tables[name].to_pylist()
    return found


@pytest.fixture(scope="module")
def rows() -> list[Day]:
    return crowd(60, seed=1)


def test_kinds_get_their_names(tmp_path: Path, rows: list[Day]) -> None:
    star = star_of(rows, AS_OF)
    tables = run(tmp_path, star)
    found = members(tmp_path, star)
    assert len(found) == 300
    right = sum(NAME_OF_KIND[kind_of(user)] == segment for user, segment in found.items())
    assert right >= 285
    sizes = {row["segment"]: row["users"] for row in rows_of(tables, "segments")}
    assert sizes == Counter(found.values())
    assert sum(row["share"] for row in rows_of(tables, "segments")) == pytest.approx(1)
    assert {row["algorithm"] for row in rows_of(tables, "scores") if row["served"]} == {"k_means"}
    points = rows_of(tables, "points")
    assert sum(point["kind"] == "user" for point in points) == 300
    explained = {row["axis"]: row["explained"] for row in rows_of(tables, "axes")}
    assert 1 >= explained["x"] >= explained["y"] > 0


def test_the_same_input_gives_the_same_tables(tmp_path: Path, rows: list[Day]) -> None:
    first = run(tmp_path / "a", star_of(rows, AS_OF))
    second = run(tmp_path / "b", star_of(list(reversed(rows)), AS_OF))
    assert first == second


@pytest.mark.parametrize("served", ["mixture", "hierarchical"])
def test_other_algorithms_may_serve(tmp_path: Path, rows: list[Day], served: Any) -> None:
    star = star_of(rows, AS_OF)
    tables = run(tmp_path, star, served=served, judged=200)
    found = members(tmp_path, star)
    sizes = {row["segment"]: row["users"] for row in rows_of(tables, "segments")}
    assert sizes == Counter(found.values())
    named = [row for row in rows_of(tables, "centres") if row["segment"] is not None]
    assert {row["algorithm"] for row in named} == {served}
    assert sum(NAME_OF_KIND[kind_of(u)] == s for u, s in found.items()) >= 240


def test_groups_are_fitted_on_the_users_of_the_least_hashes(tmp_path: Path, rows: list[Day]) -> None:
    star = star_of(rows, AS_OF)
    tables = run(tmp_path, star, sample=100, judged=50)
    assert {row["sample"] for row in rows_of(tables, "scores")} == {100}
    assert len(members(tmp_path, star)) == 300  # assigned to all


def test_movement_is_the_join_of_two_runs(tmp_path: Path) -> None:
    rows = [*crowd(40, seed=2, as_of=AS_OF), active("late", AS_OF + timedelta(3))]
    for number in range(40):  # who have faded come back in force
        rows += [active(f"fading-{number}", AS_OF + timedelta(n), orders=1, spent=4_000) for n in range(45)]
    before, after = star_of(rows, AS_OF), star_of(rows, AS_OF + timedelta(50))
    assert rows_of(run(tmp_path, before), "movement") == []
    then = members(tmp_path, before)
    tables = run(tmp_path, after)
    now = members(tmp_path, after)
    expected = Counter((then.get(user), now.get(user)) for user in then | now)
    moved = rows_of(tables, "movement")
    assert {(row["from_segment"], row["to_segment"]): row["users"] for row in moved} == expected
    assert expected[None, now["late"]] == 1
    assert {(row["since"], row["until"]) for row in moved} == {(AS_OF, AS_OF + timedelta(50))}
    keys = [(row["from_segment"] or "", row["to_segment"] or "") for row in moved]
    assert keys == sorted(keys)


def test_ids_of_groups_persist(tmp_path: Path) -> None:
    first = run(tmp_path, star_of(crowd(40, seed=3), AS_OF))
    second = run(tmp_path, star_of(crowd(40, seed=4, as_of=AS_OF + timedelta(7)), AS_OF + timedelta(7)))

    def by_id(tables: Tables) -> dict[int, str]:
        served = (row for row in rows_of(tables, "centres") if row["algorithm"] == "k_means")
        return {row["group"]: row["segment"] for row in served}

    assert by_id(first) == by_id(second)


def test_the_period_that_is_over_is_the_inactivity_limit(tmp_path: Path, rows: list[Day]) -> None:
    """What is counted by group is tested with `outcomes_since`."""
    star = star_of([*rows, active("late", AS_OF - timedelta(30))], AS_OF)
    found = rows_of(run(tmp_path, star), "next_period")
    since = AS_OF - timedelta(30)
    assert {(row["since"], row["until"]) for row in found} == {(since, AS_OF)}
    assert sum(row["users"] for row in found) == len({row["user"] for row in rows if row["day"] < since})
    known = {row["user"] for row in rows if since - timedelta(30) <= row["day"] < since}
    lost = known - {row["user"] for row in rows if row["day"] >= since}
    assert sum(row["known"] for row in found) == len(known)
    assert sum(row["lost"] for row in found) == len(lost)
    for row in found:
        if row["known"]:
            assert row["churn"] == row["lost"] / row["known"]
            assert row["low"] - 1e-9 <= row["churn"] <= row["high"] + 1e-9
        else:
            assert (row["low"], row["churn"], row["high"]) == (None, None, None)
        assert row["revenue_a_user"] == row["revenue"] / row["users"]


def test_nobody(tmp_path: Path) -> None:
    tables = run(tmp_path, star_of([active("a", date(2024, 5, 1))], date(2024, 1, 1)))
    assert all(table.num_rows == 0 for table in tables.values())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_users(tmp_path: Path, count: int) -> None:
    star = star_of([active(f"u{n}", date(2024, 5, 1 + n), pages=n * n) for n in range(count)], AS_OF)
    tables = run(tmp_path, star)
    assert sum(row["users"] for row in rows_of(tables, "segments")) == count
    assert isinstance(tables["points"], pa.Table)


def test_nobody_pays(tmp_path: Path, rows: list[Day]) -> None:
    free = [{**row, "orders": 0, "spent": 0} for row in rows]
    tables = run(tmp_path, star_of(free, AS_OF))
    assert "Window Shoppers" not in tables["segments"]["segment"].to_pylist()
    assert "Power Users" in tables["segments"]["segment"].to_pylist()
    assert set(tables["segments"]["revenue"].to_pylist()) == {0}
