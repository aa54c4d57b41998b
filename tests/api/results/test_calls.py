"""The calls on real results: JSON, CSV, pages of one run, and clearly nothing where there is nothing."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from fastapi import FastAPI

from api import problems
from api.access.guard import guard
from api.resources import resources_of
from api.results import reading as reading_module
from api.results.reading import Reading
from api.routes import results as routes
from batch_jobs.results.results import Results, open_results
from batch_jobs.results.run import Basis, Run

CURVES = pa.table(
    {
        "group_kind": ["all", "plan", "plan"],
        "group": ["all", "pro", "=1+1"],
        "day": [0, 0, 0],
        "survival": [1.0, None, 1],
    }
)


class Here:
    """As much of the resources as these calls need."""

    def __init__(self, address: str) -> None:
        self.results = Reading(address)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return open_results(str(tmp_path), keep=1)


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(reading_module, "_AGAIN_S", -1.0)
    app = FastAPI()
    app.include_router(routes.router)
    problems.install(app, (routes.router,))
    here = Here(str(tmp_path))
    app.dependency_overrides = {resources_of: lambda: here, guard: lambda: None}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as calling:
        yield calling


def put(results: Results, day: int = 1, table: pa.Table = CURVES) -> Run:
    basis = Basis(as_of=date(2024, 5, day), settings="s", archive="1")
    tables = {"curves": table, "medians": pa.table({"median": pa.array([], pa.int64())})}
    return results.write("survival", basis, tables, 1_714_525_500_000 + day, lambda: 2, lambda: None)


async def rows(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/survival", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_before_the_first_run_there_is_nothing_and_why(client: httpx.AsyncClient) -> None:
    for path in ("overview", "retention", "survival", "segments", "engagement", "value", "experiments"):
        answer = await client.get(f"/v1/{path}")
        assert answer.status_code == 200
        body = answer.json()
        assert (body["items"], body["as_of"], body["next"]) == ([], None, None)
        assert (
            body["reason"]
            == f"no run of {path} has finished yet: `ebbwatch batch run {path}` makes the first"
        )
        empty = await client.get(f"/v1/{path}", params={"format": "csv"})
        assert (empty.status_code, empty.text) == (200, "")


async def test_rows_with_filters_and_what_they_are_of(client: httpx.AsyncClient, results: Results) -> None:
    run = put(results)
    found = await rows(client)
    assert found["items"] == CURVES.to_pylist()
    assert (found["as_of"], found["run"], found["table"], found["reason"]) == (
        "2024-05-01",
        run.id,
        "curves",
        None,
    )
    plan = await rows(client, dimension="plan", group="pro")
    assert [row["group"] for row in plan["items"]] == ["pro"]
    none = await rows(client, dimension="geography")
    assert (none["items"], none["reason"]) == ([], "no row fits the filters")
    nothing = await rows(client, table="medians")
    assert nothing["reason"] == "the job found nothing to say as of this day"


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ({"table": "none"}, 404, "unknown_table"),
        ({"grain": "week"}, 404, "unknown_filter"),
        ({"first": "2024-01-01"}, 404, "unknown_filter"),
        ({"first": "then"}, 422, "invalid"),
        ({"first": "0"}, 422, "invalid"),
        ({"nonsense": "x"}, 422, "invalid"),
        ({"cursor": "x"}, 422, "invalid"),
        ({"cursor": "2024-05-01-5-00000000:1"}, 409, "stale_cursor"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    client: httpx.AsyncClient, results: Results, query: dict[str, str], status: int, kind: str
) -> None:
    put(results)
    answer = await client.get("/v1/survival", params=query)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].endswith(f"/{kind}")


async def test_csv_by_parameter_and_by_accept(client: httpx.AsyncClient, results: Results) -> None:
    put(results)
    expected = "group_kind,group,day,survival\r\nall,all,0,1.0\r\nplan,pro,0,\r\nplan,'=1+1,0,1.0\r\n"
    for options in ({"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}):
        answer = await client.get("/v1/survival", **options)  # type: ignore[arg-type]
        assert answer.text == expected
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["as-of"] == "2024-05-01"
    refused = await client.get("/v1/survival", headers={"Accept": "image/png"})
    assert refused.status_code == 406


async def test_pages_stay_with_their_run(client: httpx.AsyncClient, results: Results) -> None:
    put(results)
    first = await rows(client, limit=2)
    put(results, 2, CURVES.slice(0, 1))
    second = await rows(client, limit=2, cursor=first["next"])
    assert first["items"] + second["items"] == CURVES.to_pylist()
    assert (second["next"], second["as_of"]) == (None, "2024-05-01")
    assert (await rows(client))["as_of"] == "2024-05-02"
    put(results, 3)
    gone = await client.get("/v1/survival", params={"cursor": first["next"]})
    assert gone.status_code == 409


async def test_what_a_caller_has_is_not_sent_again(client: httpx.AsyncClient, results: Results) -> None:
    put(results)
    tag = (await client.get("/v1/survival")).headers["etag"]
    assert (await client.get("/v1/survival", headers={"If-None-Match": tag})).status_code == 304
    put(results, 2)
    assert (await client.get("/v1/survival", headers={"If-None-Match": tag})).status_code == 200


async def test_damaged_results_are_a_problem_of_the_server(
    client: httpx.AsyncClient, results: Results, tmp_path: Path
) -> None:
    put(results)
    (tmp_path / "survival" / "current.json").write_text("{")
    answer = await client.get("/v1/survival")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
