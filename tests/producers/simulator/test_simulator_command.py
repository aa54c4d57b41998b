"""``ebbwatch simulate``: files without any service, and real Kafka."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from domain.events import ClockMark, Event
from ebbwatch.commands.simulate import simulate
from local_stack.addresses import Addresses
from producers.simulator.scenario import Scenario, effects_table
from producers.simulator.simulation import Simulation

HOUR_MS = 3_600_000

app = typer.Typer()
app.command()(simulate)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments)


def test_a_file_holds_the_simulation(tmp_path: Path) -> None:
    out, truth = tmp_path / "events.jsonl", tmp_path / "truth.jsonl"
    done = run("--users", "40", "--days", "30", "--seed", "6", "--start", "2024-02-01", "--out", str(out),
               "--truth", str(truth), "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    summary = msgspec.json.decode(done.stdout)
    simulation = Simulation(40, 30, 6, datetime(2024, 2, 1, tzinfo=UTC).date())
    assert out.read_bytes().splitlines() == [value for c in simulation.chunks() for value in c.values]
    assert len(truth.read_bytes().splitlines()) == 41
    assert summary["events"] == len(out.read_bytes().splitlines())
    assert summary["users"] == 40
    assert summary["marks"] == 0
    first = msgspec.json.decode(out.read_bytes().splitlines()[0], type=Event)
    assert datetime.fromisoformat(summary["first"]).timestamp() * 1000 == first.time


def test_events_alone_choose_the_population(tmp_path: Path) -> None:
    done = run("--events", "5000", "--days", "30", "--out", str(tmp_path / "e.jsonl"), "--json")
    assert msgspec.json.decode(done.stdout)["events"] == 5_000


def test_a_span_that_ends_after_now_is_refused(tmp_path: Path) -> None:
    start = (datetime.now(UTC) - timedelta(days=10)).date().isoformat()
    done = run("--days", "11", "--start", start, "--out", str(tmp_path / "e.jsonl"))
    assert done.exit_code == 2
    assert "dead-lettered" in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "e.jsonl").exists()
    assert (
        run("--users", "5", "--days", "10", "--start", start, "--out", str(tmp_path / "e.jsonl")).exit_code
        == 0
    )


def test_an_impossible_size_ends_with_one_line(tmp_path: Path) -> None:
    done = run("--users", "10", "--days", "5", "--events", "1000000", "--out", str(tmp_path / "e.jsonl"))
    assert done.exit_code == 1
    assert "choose other --users" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBBWATCH_HOME", str(tmp_path))
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    done = run("--users", "5", "--days", "5")
    assert done.exit_code == 1
    assert "ebbwatch stack up" in done.stderr


@pytest.mark.integration
def test_kafka_gets_events_in_order_with_marks_between(
    stack: Addresses,
    own_store: str,
    log: Any,
    unique: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic = unique("simulated")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.kafka)
    monkeypatch.setenv("REDIS_URL", own_store)
    monkeypatch.setenv("EBBWATCH_TOPIC", topic)
    monkeypatch.setenv("EBBWATCH_DEAD_LETTER_TOPIC", unique("dead"))
    monkeypatch.setenv("EBBWATCH_PARTITIONS", "3")
    done = run("--users", "60", "--days", "20", "--seed", "6", "--json")
    assert done.exit_code == 0, done.output
    summary = msgspec.json.decode(done.stdout)
    simulation = Simulation(60, 20, 6)
    expected = [value for chunk in simulation.chunks() for value in chunk.values]
    received = []
    for records in log.read(topic).values():
        clock = last = 0
        marks = []
        for record in records:
            if record.key() is None:
                clock = msgspec.json.decode(record.value(), type=ClockMark).mark
                marks.append(clock)
                assert clock >= last
            else:
                event = msgspec.json.decode(record.value(), type=Event)
                assert record.key().decode() == event.user_id
                assert isinstance(event.time, int)
                assert event.time >= clock
                last = event.time
                received.append(record.value())
        assert marks == sorted(set(marks))
        assert len(marks) == summary["marks"]
        assert marks[-1] == simulation.end_ms
        assert max(b - a for a, b in pairwise(marks)) <= 12 * HOUR_MS
    assert sorted(received) == sorted(expected)
    assert summary["events"] == len(expected)
    assert summary["topic"] == topic


@pytest.mark.integration
def test_the_rate_limits_the_speed(
    stack: Addresses, own_store: str, unique: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.kafka)
    monkeypatch.setenv("REDIS_URL", own_store)
    monkeypatch.setenv("EBBWATCH_TOPIC", unique("slow"))
    monkeypatch.setenv("EBBWATCH_DEAD_LETTER_TOPIC", unique("dead"))
    done = run("--events", "1000", "--days", "10", "--rate", "800", "--json")
    assert msgspec.json.decode(done.stdout)["seconds"] > 1.2


def test_the_documents_name_the_effects_that_are_planted() -> None:
    document = Path(__file__).parents[3] / "docs" / "simulator.md"
    assert effects_table(Scenario()) in document.read_text()
