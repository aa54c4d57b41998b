"""What health checks of containers ask."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from ebbwatch.health import main, runs
from stream_processors.health import Health, serve


@pytest.fixture
def port() -> Iterator[tuple[Health, str]]:
    health = Health()
    server = serve("127.0.0.1", 0, CollectorRegistry(), health)
    yield health, f"http://127.0.0.1:{server.server_port}/healthz"
    server.shutdown()
    server.server_close()


def test_a_port_that_answers_is_well_until_it_waits(port: tuple[Health, str]) -> None:
    health, url = port
    assert main(url) == 0
    health.waiting("kafka", "nobody is there")
    assert main(url) == 1
    health.well("kafka")
    assert main(url) == 0


def test_a_port_where_nobody_listens_is_not() -> None:
    assert main("http://127.0.0.1:1/healthz") == 1


def test_a_process_is_found_by_its_module_and_by_nothing_else() -> None:
    # Python's own console waits for its input
    with subprocess.Popen(
        [sys.executable, "-m", "code", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"print(7)\n")
        process.stdin.flush()
        assert b"7" in process.stdout.readline()  # for a moment after its start it has no command line
        assert main("code") == 0
        assert not runs("cod")
        process.communicate(b"")
    assert not runs(f"ebbwatch.{__name__}")
    # whoever asks names the module too, but does not run it
    asked = subprocess.run([sys.executable, "-m", "ebbwatch.health", "no.such.module"], check=False)
    assert asked.returncode == 1


def test_a_process_that_ends_while_it_is_looked_at_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cmdline").mkdir()  # unreadable, as one that has ended
    (tmp_path / "8").mkdir()
    (tmp_path / "8" / "cmdline").write_bytes(b"python\0-m\0some.module\0")
    assert runs("some.module", tmp_path)
    assert not runs("another.module", tmp_path)
