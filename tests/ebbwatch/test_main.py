"""The command line's words for faults that people can mend, and the settings' names."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from domain.settings import FactSettings
from ebbwatch.faults import MENDABLE, mendable
from ebbwatch.main import app, main
from ebbwatch.on_demand import Commands
from ebbwatch.settings import Settings


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder without a stack."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EBBWATCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def said(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What the process ends with."""
    monkeypatch.setattr(sys, "argv", ["ebbwatch", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert isinstance(end.value.code, str)  # printed, and exit code 1
    return end.value.code


@pytest.mark.parametrize(
    "words", ["users top", "users show ann", "verify", "clock status", "dlq show", "worker"]
)
def test_without_a_stack_it_says_what_to_do(
    words: str, monkeypatch: pytest.MonkeyPatch, nowhere: Path
) -> None:
    assert said(monkeypatch, *words.split()) == (
        f"ebbwatch: no running Kafka and Redis under {nowhere}: start them with `ebbwatch stack up`, "
        "or set KAFKA_BOOTSTRAP_SERVERS and REDIS_URL"
    )


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("EBBWATCH_PARTITIONS", "many", "EBBWATCH_PARTITIONS: Input should be a valid integer"),
        ("EBBWATCH_PARTITIONS", "0", "greater than or equal to 1"),
        (
            "EBBWATCH_CHURN",
            "boredom",
            "EBBWATCH_CHURN: Input should be 'inactivity', 'cancellation' or 'either'",
        ),
        ("EBBWATCH_SESSION_TYPES", "watched", "lists are written as JSON"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert words in said(monkeypatch, "users", "top")


def test_redis_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert "is the stack up?" in said(monkeypatch, "users", "top")


@pytest.mark.parametrize("command", Commands())
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0, command
    assert "Usage" in result.output
    assert CliRunner().invoke(app, [f"{command}s-not"]).exit_code == 2


@pytest.mark.parametrize(("module", "name"), sorted(MENDABLE))
def test_faults_that_people_can_mend_are_told_in_a_line(module: str, name: str) -> None:
    kind = getattr(import_module(module), name)
    assert issubclass(kind, Exception)
    assert kind.__module__ == module, "it is looked for by the module that defines it"

    class Derived(kind):  # type: ignore[misc, valid-type]
        pass

    assert mendable(Derived.__new__(Derived))


def test_other_faults_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ebbwatch", "users", "top"])
    monkeypatch.setattr("ebbwatch.main.app", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main()


def test_a_command_loads_what_it_needs_alone() -> None:
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ebbwatch", "worker", "--help"],
        capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in shown.splitlines()}
    assert "stream_processors.supervisor" in loaded
    assert not loaded & {
        "ebbwatch.commands.batch",
        "scipy.stats",
        "sklearn",
        "statsmodels",
        "matplotlib",
        "river",
    }


def test_settings_are_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBBWATCH_INACTIVITY_DAYS", "14")
    monkeypatch.setenv("EBBWATCH_SESSION_TYPES", '["watched", "listened", "watched"]')
    monkeypatch.setenv("EBBWATCH_UNKNOWN", "1")
    facts = Settings().facts()
    assert facts.inactivity_ms == 14 * 86_400_000
    assert facts.session_types == ("listened", "watched")


def test_the_defaults_are_those_of_the_domain() -> None:
    assert Settings().facts() == FactSettings()
    assert Settings().topic == "session-events"


def test_shares_of_the_tiers_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().tier_high_share is None
    monkeypatch.setenv("EBBWATCH_TIER_MEDIUM_SHARE", "0.3")
    with pytest.raises(ValidationError, match="give both"):
        Settings()
    monkeypatch.setenv("EBBWATCH_TIER_HIGH_SHARE", "0.1")
    assert (Settings().tier_medium_share, Settings().tier_high_share) == (0.3, 0.1)
    monkeypatch.setenv("EBBWATCH_TIER_HIGH_SHARE", "0.7")
    with pytest.raises(ValidationError, match="below 1 in sum"):
        Settings()
    monkeypatch.delenv("EBBWATCH_TIER_MEDIUM_SHARE")
    with pytest.raises(ValidationError, match="give both"):
        Settings()


def test_only_settings_that_shape_facts_change_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Settings().facts().fingerprint()
    monkeypatch.setenv("EBBWATCH_TIER_HIGH", "0.9")
    monkeypatch.setenv("EBBWATCH_PARTITIONS", "3")
    assert Settings().facts().fingerprint() == before
    monkeypatch.setenv("EBBWATCH_SESSION_GAP", "60")
    assert Settings().facts().fingerprint() != before
