"""From events to people: archived, run by the scheduler, read by HTTP and by Prometheus."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import httpx
import psutil
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from prometheus_client.parser import text_string_to_metric_families

from batch_jobs.config import EXPORTER
from ebbwatch.batch import SCHEDULER
from local_stack.ports import free_ports
from tests.integration.place import ANSWER_S, REPOSITORY, Api, Place, eventually
from tests.integration.telling import told
from tests.processes import children_running
from tests.promtool import require_clean_metrics

CALLS = ("overview", "retention", "survival", "segments", "engagement", "value", "experiments")


@contextmanager
def supervised(place: Place, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A supervised process of the batch jobs, ended as people end it."""
    log = place.home / f"{words[-1]}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ebbwatch", *words],
            env=place.environ(),
            cwd=REPOSITORY,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0, log.read_text("utf-8")
    finally:
        for child in psutil.Process(process.pid).children() if process.poll() is None else ():
            child.kill()
        process.kill()
        process.wait()


def child(process: "subprocess.Popen[bytes]", module: str) -> psutil.Process:
    found: list[psutil.Process] = eventually(f"{module} runs", lambda: children_running(module, process.pid))
    return found[0]


@pytest.fixture(scope="module")
def api(module_place: Place) -> Iterator[Api]:
    """With events that are archived, and results of the scheduler."""
    module_place.ebbwatch("simulate", "--users", 40, "--days", 80, "--seed", 3)
    module_place.but(archiver=True).ebbwatch("run", "--until-idle")
    with module_place.answering_api(api_per_second=0) as found:
        yield found


def test_before_the_first_run_every_call_says_so(api: Api) -> None:
    key = api.key("read")
    for path in CALLS:
        answer = api.get(f"/v1/{path}", key)
        assert answer.status_code == 200
        assert "no run of" in answer.json()["reason"]


def test_the_scheduler_runs_what_is_due_and_callers_read_it(api: Api) -> None:
    key = api.key("read")
    with supervised(api.place, "batch", "schedule") as process:

        def there() -> bool:
            return bool(api.get("/v1/overview", key).json()["items"])

        eventually("the first results", there)
        killed = child(process, SCHEDULER[-1])
        killed.kill()
        eventually("started anew", lambda: child(process, SCHEDULER[-1]).pid != killed.pid)
    overview = api.get("/v1/overview", key, params={"figure": "users"})
    body = overview.json()
    assert body["items"][0]["value"] == 40
    assert api.get("/v1/overview", key, headers={"If-None-Match": overview.headers["etag"]},
                   params={"figure": "users"}).status_code == 304  # fmt: skip
    exported = api.get("/v1/overview", key, params={"table": "churn", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert rows[0]["value"] == "all"
    assert exported.headers["as-of"] == body["as_of"]
    again = api.place.report("batch", "run")
    assert again["as_of"] == body["as_of"]
    assert {job["job"]: job["state"] for job in again["jobs"]}["overview"] == "unchanged"
    earlier = api.place.report("batch", "run", "--as-of", "2025-02-01")
    assert earlier["as_of"] == "2025-02-01"


def test_the_money_at_risk_is_by_the_scores_that_the_store_serves(api: Api) -> None:
    as_of = api.place.report("batch", "run")["as_of"]
    (file,) = (api.place.home / "batch" / "scores").glob("*/*.parquet")
    assert file.parent.name == f"as_of={as_of}"
    taken = {row["user"]: (row["probability"], row["tier"]) for row in pq.read_table(file).to_pylist()}
    ranked = api.get("/v1/users", api.key("read"), params={"limit": 1000}).json()["items"]
    assert taken == {row["user"]: (row["score"], row["tier"]) for row in ranked}
    money = api.get("/v1/value", api.key("read"), params={"table": "revenue_at_risk"}).json()["items"]
    assert 0 < money[0]["known"] <= len(taken)


def test_users_are_ranked_within_their_segment(api: Api) -> None:
    key, seen = api.key("read"), []
    for row in api.place.report("batch", "run")["segments"]["segments"]:
        answer = api.get("/v1/users", key, params={"segment": row["segment"], "limit": 1000})
        assert answer.status_code == 200
        seen += [user["user"] for user in answer.json()["items"]]
    everybody = api.get("/v1/users", key, params={"limit": 1000}).json()["items"]
    assert sorted(seen) == sorted(user["user"] for user in everybody)
    unknown = api.get("/v1/users", key, params={"segment": "Nobody"})
    assert unknown.status_code == 404
    assert "are there" in unknown.json()["detail"]


def test_an_as_of_that_cannot_be_and_a_damaged_archive_leave_the_last_result(api: Api) -> None:
    place, key = api.place, api.key("read")
    before = place.report("batch", "run")["overview"]
    for day, message in (("1990-01-01", "before 1990-01-01"), ("2090-01-01", "latest day to ask for")):
        answer = place.call("batch", "run", "--as-of", day)
        assert answer.returncode == 1
        assert message in answer.said
    broken = Path(DeltaTable(str(place.home / "archive" / "log")).file_uris()[0])
    content = broken.read_bytes()
    broken.write_bytes(b"PAR1 nonsense of somebody else PAR1")
    (place.home / "batch").rename(place.home / "batch-before")  # the star too: all is read again
    try:
        answer = place.call("batch", "run", "--again")
        assert answer.returncode == 1
        assert "Traceback" not in answer.said
        assert "the archive cannot be read" in answer.said
        assert broken.name in answer.said
        assert api.get("/v1/overview", key).json()["items"] == before["figures"]
        assert json.loads(place.ebbwatch("batch", "show", "overview", "--json").stdout)["overview"] == before
    finally:
        broken.write_bytes(content)
    assert place.report("batch", "run", "--again")["overview"] == before


def test_prometheus_reads_the_last_results(api: Api) -> None:
    (port,) = free_ports(1, Random())
    place = api.place.but(exporter_port=port)
    place.report("batch", "run")

    def read() -> dict[str, dict[str, float]]:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=ANSWER_S).text
        return {
            family.name: {",".join(sample.labels.values()): sample.value for sample in family.samples}
            for family in text_string_to_metric_families(text)
        }

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    with supervised(place, "exporter") as process:
        eventually("the exporter answers", answers)
        metrics = read()
        assert metrics["ebbwatch_overview_users"]["users,now"] == 40
        assert metrics["ebbwatch_job_success"]["overview"] == 1
        assert metrics["ebbwatch_exporter_restarts"][""] == 0
        os.kill(child(process, EXPORTER[-1]).pid, signal.SIGKILL)
        eventually("it was started anew", lambda: answers() and read()["ebbwatch_exporter_restarts"][""] == 1)
        assert read()["ebbwatch_overview_users"] == metrics["ebbwatch_overview_users"]
        text = told(port, "exporter")
    require_clean_metrics(text)
