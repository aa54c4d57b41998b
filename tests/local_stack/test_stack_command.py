"""`ebbwatch stack` as people and scripts use it."""

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from ebbwatch.commands.stack import app
from local_stack import stack


@pytest.fixture(autouse=True)
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBBWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EBBWATCH_STACK", "local")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_no_stack_is_no_success() -> None:
    result = run("status")
    assert result.exit_code == 1
    assert "ebbwatch stack up" in result.stdout
    result = run("status", "--json")
    assert result.exit_code == 1
    assert msgspec.json.decode(result.stdout)["running"] is False


def test_down_without_a_stack_says_so() -> None:
    result = run("down", "--json")
    assert result.exit_code == 0
    assert msgspec.json.decode(result.stdout) == {"name": "default", "existed": False, "wiped": False}


def test_what_cannot_be_had_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    result = run("up")
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Java 17" in result.stderr
    assert result.stdout == ""


def test_a_bad_name_is_told() -> None:
    assert "cannot name a stack" in run("up", "--name", "../x").stderr


@pytest.mark.integration
def test_up_status_down(tmp_path: Path) -> None:
    up = run("up", "--json", "--name", "a")
    if up.exit_code != 0 and "no Kafka" in up.stderr:
        pytest.skip(up.stderr)
    try:
        assert up.exit_code == 0, up.stderr
        addresses = msgspec.json.decode(up.stdout)
        assert "starting Kafka" in up.stderr
        shown = run("status", "--name", "a")
        assert shown.exit_code == 0
        assert addresses["kafka"] in shown.stdout
        assert msgspec.json.decode(run("status", "--name", "a", "--json").stdout)["running"] is True
        assert run("down", "--name", "a").exit_code == 0
        assert run("status", "--name", "a").exit_code == 1
        assert run("down", "--name", "a", "--wipe").exit_code == 0
        assert not (tmp_path / "home" / "stacks" / "a").exists()
    finally:
        stack.down(tmp_path / "home", "a", wipe=True)
