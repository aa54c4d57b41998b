"""`ebbwatch replay` as people call it; these need no Kafka."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ebbwatch.commands.replay import duration, replay

APP = typer.Typer()
APP.command()(replay)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EBBWATCH_HOME", str(tmp_path / "home"))
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "shop.csv"
    path.write_text("who,when,paid\nu1,2024-01-02 10:00,5\nu2,2024-01-01 10:00,7.5\n,2024-01-01,1\n")
    return path


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(APP, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_a_dry_run_counts_and_keeps_the_rejects(shop: Path, tmp_path: Path) -> None:
    code, out, _ = call(shop, "--user", "who", "--time", "when", "--amount", "paid", "--dry-run", "--json")
    report = json.loads(out)
    assert code == 0
    assert report.pop("seconds") >= 0
    assert report == {
        "file": str(shop), "format": "csv", "rows": 3, "sent": 2, "derived": 0, "rejected": {"no_user": 1},
        "reject_file": str(tmp_path / "home/rejects/shop.jsonl"), "out_of_order": 1,
        "first_event": "2024-01-01T10:00:00+00:00", "last_event": "2024-01-02T10:00:00+00:00", "marks": 0,
        "topic": None,
    }  # fmt: skip
    assert json.loads((tmp_path / "home/rejects/shop.jsonl").read_text()) == {
        "row": 3, "reason": "no_user", "data": {"who": "", "when": "2024-01-01", "paid": "1"},
    }  # fmt: skip


def test_people_get_a_table(shop: Path) -> None:
    code, out, _ = call(shop, "--user", "who", "--time", "when", "--timezone", "Europe/Berlin", "--dry-run")
    assert code == 0
    assert "2024-01-01T09:00:00+00:00" in out
    assert "not in order of time, sorted" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "--user and --time"),
        (["--user", "who"], 2, "--time"),
        (["--layout", "sparkify", "--user", "who"], 2, "already says which columns"),
        (["--layout", "other"], 2, "online-retail, sparkify"),
        (["--user", "who", "--time", "when", "--timezone", "Mars"], 2, "no time zone 'Mars'"),
        (["--user", "who", "--time", "when", "--mark-every", "5"], 2, "'5' is no duration"),
        (["--user", "who", "--time", "when", "--mark-every", "5ms"], 2, "at least 1s"),
        (["--user", "who", "--time", "when", "--session", "s", "--session-gap", "5m"], 2, "either --session or"),
        (["--user", "who", "--time", "paid", "--dry-run"], 1, "no row of"),
        (["--user", "who", "--time", "then", "--dry-run"], 1, "has no column then; its columns are: who, when, paid"),
        (["--user", "who", "--time", "when"], 1, "ebbwatch stack up"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(shop: Path, arguments: list[str], code: int, message: str) -> None:
    got, out, err = call(shop, *arguments)
    assert (got, out) == (code, "")
    assert message in " ".join(err.replace("│", " ").split())


def test_a_span_of_too_many_marks_names_the_option(shop: Path) -> None:
    shop.write_text("who,when\nu,2000-01-01\nu,2080-01-01\n")
    code, _, err = call(shop, "--user", "who", "--time", "when", "--mark-every", "1m", "--dry-run")
    assert code == 1
    assert "choose a larger --mark-every" in err


@pytest.mark.parametrize(
    ("text", "ms"), [("30m", 1_800_000), ("500ms", 500), ("1h", 3_600_000), (" 2w ", 1_209_600_000)],
)  # fmt: skip
def test_durations(text: str, ms: int) -> None:
    assert duration(text) == ms


@pytest.mark.parametrize("text", ["", "5", "m", "1.5h", "-1h", "1h30m", "1y"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration(text)
