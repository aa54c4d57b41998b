"""The commands of the batch jobs, on real results in a folder."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from batch_jobs.job import Part
from batch_jobs.overview.overview import Overview
from batch_jobs.results.results import Results, open_results
from batch_jobs.results.run import Attempt, Basis
from batch_jobs.running.perform import AsOfError, Workshop
from ebbwatch.batch import batch_config
from ebbwatch.commands import batch
from ebbwatch.main import app
from ebbwatch.settings import Settings
from tests.batch_jobs.exporter import found
from tests.batch_jobs.running.jobs import Counted, failing
from tests.batch_jobs.running.test_perform import Fake

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    for name in ("REPORT_HOOK", "SMTP_URL", "RESULTS", "ARCHIVE"):
        monkeypatch.delenv(f"EBBWATCH_{name}", raising=False)
    monkeypatch.setenv("EBBWATCH_HOME", str(tmp_path))
    return lambda *words: CliRunner().invoke(app, ["batch", *map(str, words)])


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return open_results(str(tmp_path / "archive" / "results"))


def put(results: Results) -> None:
    basis = Basis(as_of=date(2024, 5, 1), settings="s", archive="1")
    for job, tables in (("survival", found.survival()), ("retention", found.retention())):
        results.note(
            job, Attempt(as_of=basis.as_of, begun=1, ended=2, fault="no" if job == "survival" else None)
        )
        results.write(job, basis, tables, 1000, lambda: 3500, lambda: None)


def archive(monkeypatch: pytest.MonkeyPatch, results: Results, *parts: Part) -> None:
    """In the place of an archive, one that is there in name only."""
    shop = Workshop(Fake, parts, results, "s", "me", lambda: 5)
    monkeypatch.setattr(batch, "workshop", lambda *_given: shop)


def test_results_are_found_where_the_settings_say(tmp_path: Path) -> None:
    config = batch_config(Settings(home=tmp_path, results="s3://bucket/found", batch_memory=600), "events-12")
    assert config.results == "s3://bucket/found"
    assert (config.memory_mb, config.threads) == (600, 2)
    assert config.archive == str(tmp_path / "archive" / "log-events-12")
    assert batch_config(Settings(home=tmp_path)).archive == str(tmp_path / "archive" / "log")


def test_a_run_says_what_was_done_and_found(
    call: Call, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(monkeypatch, results, Part(Overview()))
    answer = call("run", "--as-of", "2024-05-01", "--json")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.stdout)
    assert report["as_of"] == "2024-05-01"
    assert [(job["job"], job["state"]) for job in report["jobs"]] == [("overview", "done")]
    assert report["overview"]["figures"][0] == {
        "figure": "users",
        "value": 1.0,
        "before": None,
        "unit": "users",
    }
    assert "unchanged" in call("run", "overview", "--as-of", "2024-05-01").stdout


def test_a_failure_is_told_and_the_others_stand(
    call: Call, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Counted("bad", failing("no orders were recorded: send purchases"))
    archive(monkeypatch, results, Part(bad), Part(Counted("good")), Part(Counted("after"), ("bad",)))
    answer = call("run", "--json")
    assert answer.exit_code == 1
    assert "ebbwatch: bad: no orders were recorded: send purchases" in answer.stderr
    assert "ebbwatch: after: needs bad, which failed" in answer.stderr
    report = json.loads(answer.stdout)
    assert report["good"] == {"counts": [{"runs": 1}]}
    assert "bad" not in report
    assert isinstance(call("run", "--as-of", "2030-01-01").exception, AsOfError)


def test_before_the_first_run_the_way_to_it_is_shown(call: Call) -> None:
    assert "`ebbwatch batch run` makes the first" in call("status").stdout
    for words in (("show", "survival"), ("report",)):
        answer = call(*words)
        assert answer.exit_code == 1
        assert "`ebbwatch batch run" in str(answer.output)


def test_the_status_of_each_job(call: Call, results: Results, tmp_path: Path) -> None:
    put(results)
    (tmp_path / "archive" / "results" / "value").mkdir()
    (tmp_path / "archive" / "results" / "value" / "current.json").write_text("{")
    rows = {row["job"]: row for row in json.loads(call("status", "--json").stdout)}
    assert rows["survival"]["last_try"] == "as of 2024-05-01: no"
    assert rows["retention"]["last_try"] == "as of 2024-05-01: good"
    assert rows["retention"]["seconds"] == 2.5
    assert rows["retention"]["rows"]["cohorts"] == 10
    assert "value/current.json cannot be read" in rows["value"]["last_try"]
    assert "retention" in call("status").stdout


def test_tables_are_shown_and_exported(call: Call, results: Results) -> None:
    put(results)
    shown = json.loads(call("show", "survival", "--json").stdout)
    assert (shown["as_of"], len(shown["survival"]["curves"]["all"])) == ("2024-05-01", 40)
    one = json.loads(call("show", "retention", "cohorts", "--json").stdout)
    assert list(one["retention"]) == ["cohorts"]
    exported = list(csv.DictReader(io.StringIO(call("show", "survival", "medians", "--csv").stdout)))
    assert [row["group"] for row in exported] == ["all", "all", "p0", "p0", "p1", "p1"]
    assert "curves, as of 2024-05-01" in call("show", "survival").stdout
    for words, message in (
        (("show", "survival", "none"), "has no table none: curves, medians, logrank are there"),
        (("show", "survival", "--csv"), "name the table"),
    ):
        answer = call(*words)
        assert answer.exit_code == 1
        assert message in answer.output


def test_the_report_is_printed_written_or_nobody_would_get_it(
    call: Call, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(results)
    dry = call("report", "--dry-run").stdout
    assert "would go by no mail and to no chat, with pictures: retention.png" in dry
    nobody = call("report")
    assert nobody.exit_code == 1
    assert "nobody would get it" in nobody.output
    assert call("report", "--out", tmp_path / "out").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "ebbwatch-2024-05-01.html", "ebbwatch-2024-05-01.pdf"
    ]  # fmt: skip
    monkeypatch.setenv("EBBWATCH_SMTP_URL", "smtp://127.0.0.1:9")
    monkeypatch.setenv("EBBWATCH_MAIL_FROM", "e@example.org")
    monkeypatch.setenv("EBBWATCH_REPORT_TO", '["boss@example.org"]')
    assert "would go by mail to boss@example.org and to no chat" in call("report", "--dry-run").stdout
    unsent = call("report")
    assert unsent.exit_code == 1
    assert "the report was not sent by mail: 127.0.0.1:9" in unsent.output
    monkeypatch.setenv("EBBWATCH_REPORT_HOOK", "nonsense")
    assert "EBBWATCH_REPORT_HOOK must be like" in call("report", "--dry-run").output
