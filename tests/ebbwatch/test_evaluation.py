"""`ebbwatch evaluate` over small files; these need no Kafka."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from domain.calendar import DAY_MS
from domain.settings import FactSettings
from ebbwatch.commands.evaluate import evaluate
from ebbwatch.evaluation.file import Asked, Watch
from ebbwatch.evaluation.file import evaluate as run
from ebbwatch.evaluation.findings import Findings
from ebbwatch.evaluation.page import page
from ebbwatch.mapping import Rows
from online_model.quality.metrics import metrics
from online_model.training.settle import CHAMPION
from producers.replay.columns import Columns
from producers.replay.times import Times

APP = typer.Typer()
APP.command()(evaluate)
START = datetime(2024, 1, 1, tzinfo=UTC)
FACTS = FactSettings(horizon_ms=7 * DAY_MS, inactivity_ms=14 * DAY_MS)
COLUMNS = ("--user", "who", "--time", "when")
DAYS = ("--horizon-days", "7", "--inactivity-days", "14")


def visits(users: int, days: int) -> Iterator[tuple[datetime, str]]:
    """Users who come every one to five days, some of whom stop, some of whom return."""
    for number in range(users):
        rng = random.Random(number)
        at, pause = rng.uniform(0, days / 2), rng.uniform(1, 5)
        while at < days:
            yield START + timedelta(days=at), f"u{number}"
            at += rng.expovariate(1 / pause) + (40 * rng.random() if rng.random() < 0.12 else 0)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop<b>.csv"
    lines = [f"{when.isoformat()},{who}" for when, who in sorted(visits(60, 150))]
    path.write_text("\n".join(["when,who", *lines, ",nobody"]) + "\n")
    return path


def asked(
    path: Path, folder: Path, contestants: tuple[str, ...] = ("logistic",), sample: int | None = None
) -> Asked:
    return Asked(
        path=path, facts=FACTS, contestants=contestants, seed=3, sample_users=sample, mark_every_ms=3_600_000,
        session_gap_ms=None, reject_file=folder / "rejects.jsonl",
    )  # fmt: skip


def rows() -> Rows:
    return Rows(Columns({"user": "who", "time": "when"}, "page_view", Times(UTC, None)), ",", False)


@pytest.fixture(scope="module")
def findings(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    what = asked(shop, tmp_path_factory.mktemp("rejects"))
    return Findings(what, run(what, rows(), Watch()))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBBWATCH_HOME", str(tmp_path / "home"))


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(APP, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_json_has_every_contestant_by_band(shop: Path, findings: Findings) -> None:
    code, out, _ = call(
        shop, *COLUMNS, *DAYS, "--contestants", "logistic, recursive", "--seed", "3", "--json"
    )
    told = json.loads(out)
    assert code == 0
    assert told["snapshots"] == findings.half.examples > 200
    assert {"champion", "own_rhythm", "logistic", "recursive", "about"} < told.keys()
    for name in ("champion", "logistic"):
        assert {"all", "0-1d", "1-7d", "7-14d"} < told[name].keys()
        assert sum(told[name][band]["snapshots"] for band in ("0-1d", "1-7d", "7-14d")) == told["snapshots"]
        for figure in ("roc_auc", "pr_auc", "brier", "log_loss", "ece", "slope", "observed_over_expected"):
            assert isinstance(told[name]["all"][figure], float)
    assert told["about"]["rejected"] == {"bad_time": 1}
    assert told["about"]["users"] == 60
    assert told["about"]["settings"]["horizon_days"] == 7
    # the same seed says the same, with whomever it competes
    assert told["logistic"]["all"]["log_loss"] == findings.judged["logistic"].parts["all"].log_loss


def test_only_the_second_half_is_judged(findings: Findings) -> None:
    examples = findings.read.watched.examples
    late = examples.times >= (findings.read.first_ms + findings.read.last_ms) / 2
    assert 0 < late.sum() < len(late)
    assert findings.half.examples == late.sum()
    whole = metrics(examples.scored.lost[late], examples.scored.predictions["logistic"][late])
    assert findings.judged["logistic"].parts["all"].roc_auc == whole.roc_auc


def test_the_future_changes_no_prediction(shop: Path, tmp_path: Path, findings: Findings) -> None:
    until = (START + timedelta(days=110)).isoformat()
    short = tmp_path / "short.csv"
    head, *lines = shop.read_text().splitlines()
    short.write_text("\n".join([head, *(line for line in lines if "" < line.split(",")[0] < until)]) + "\n")
    before = run(asked(short, tmp_path), rows(), Watch()).watched.examples
    after = findings.read.watched.examples
    count = len(before.users)
    assert count > 200
    assert before.users == after.users[:count]
    for name in (CHAMPION, "logistic", "own_rhythm"):
        same = np.array_equal(
            before.scored.predictions[name], after.scored.predictions[name][:count], equal_nan=True
        )
        assert same


def test_a_sample_is_a_sample_of_users(shop: Path, tmp_path: Path, findings: Findings) -> None:
    some = run(asked(shop, tmp_path, sample=20), rows(), Watch()).watched
    assert some.users == 20
    mine = set(some.examples.users)
    examples = findings.read.watched.examples
    of_all = [(u, t) for u, t in zip(examples.users, examples.times.tolist(), strict=True) if u in mine]
    sampled = list(zip(some.examples.users, some.examples.times.tolist(), strict=True))
    assert sampled == of_all[: len(sampled)]
    assert len(sampled) > 0.9 * len(of_all)  # the last event, and with it the end, may be another's


def test_people_get_tables(shop: Path) -> None:
    code, out, _ = call(shop, *COLUMNS, *DAYS, "--contestants", "logistic")
    assert code == 0
    assert "silent for 1-7d" in out
    assert "own_rhythm" in out


def test_the_page_needs_nothing_else(findings: Findings) -> None:
    text = page(findings)
    assert text.count("<svg") >= 4
    assert "prefers-color-scheme: dark" in text
    assert "#010101" not in text  # colours are the page's
    assert "shop&lt;b&gt;.csv" in text
    assert "shop<b>" not in text
    without_names = text.replace('xmlns="http://www.w3.org/2000/svg"', "").replace(
        'xmlns:xlink="http://www.w3.org/1999/xlink"', ""
    )
    for outside in ("http:", "https:", "src=", "@import", "url(http"):
        assert outside not in without_names


def test_the_report_is_written(shop: Path, tmp_path: Path) -> None:
    report = tmp_path / "new" / "out.html"
    code, out, _ = call(shop, *COLUMNS, *DAYS, "--contestants", "logistic", "--report", report, "--json")
    assert code == 0
    assert json.loads(out)["snapshots"] > 0
    assert report.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "--user and --time"),
        ((*COLUMNS, "--horizon-days", "90"), 1, "189 days are needed"),
        ((*COLUMNS, "--contestants", "oracle"), 1, "no contestant 'oracle'"),
        (("--user", "who", "--time", "who"), 1, "no row of"),
        (("--user", "who", "--time", "then"), 1, "has no column then"),
        ((*COLUMNS, "--mark-every", "5ms"), 2, "at least 1s"),
        ((*COLUMNS, "--session", "s", "--session-gap", "5m"), 2, "either --session or"),
        ((*COLUMNS, "--report", "/dev/null/out.html"), 1, "/dev/null"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(shop: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    got, out, err = call(shop, *arguments)
    assert (got, out) == (code, "")
    assert message in " ".join(err.replace("│", " ").split())


def test_a_file_that_is_not_there() -> None:
    code, _, err = call("/no/such.csv", *COLUMNS)
    assert code == 1
    assert "/no/such.csv cannot be read" in err
