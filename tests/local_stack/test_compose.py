"""The compose file: in step with the local processes, accepted by compose, and able to start."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import docker, stack
from local_stack.addresses import Addresses
from local_stack.docker import COMPOSE_FILE
from local_stack.kafka.settings import broker_settings
from local_stack.kafka.software import pinned_version
from local_stack.readiness import await_ready

TEXT = COMPOSE_FILE.read_text()
READER = os.environ.get("EBBWATCH_COMPOSE_GO")
PLACE = ("listener", "voters", "log.dirs")


def has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


def test_both_ways_to_start_take_the_same_kafka() -> None:
    assert re.findall(r"image: apache/kafka:(\S+)", TEXT) == [pinned_version()]


def test_both_brokers_are_told_the_same() -> None:
    said = dict(re.findall(r"^ +(KAFKA_[A-Z_]+): \"?([^\"\n]*)\"?$", TEXT, re.MULTILINE))
    for name, value in broker_settings((9092, 9093), Path("/data")).items():
        if not any(word in name for word in PLACE):
            assert said.get(f"KAFKA_{name.upper().replace('.', '_')}") == value, name


def test_a_project_belongs_to_one_folder(tmp_path: Path) -> None:
    assert docker.project(tmp_path / "a") != docker.project(tmp_path / "b")
    assert docker.project(tmp_path / "a") == docker.project(tmp_path / "x" / ".." / "a")
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", docker.project(tmp_path))


@pytest.mark.docker
@pytest.mark.skipif(not has_compose(), reason="docker compose is not installed")
@pytest.mark.parametrize("profile", [[], ["--profile", "full"], ["--profile", "demo"]])
def test_compose_accepts_the_file(profile: list[str]) -> None:
    command = ["docker", "compose", "-f", str(COMPOSE_FILE), *profile, "config", "-q"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert not result.stderr


@pytest.mark.docker
@pytest.mark.skipif(READER is None, reason="EBBWATCH_COMPOSE_GO does not name compose's reader of such files")
def test_the_reader_of_compose_accepts_the_file_with_all_profiles(tmp_path: Path) -> None:
    assert READER is not None
    good = subprocess.run([READER, str(COMPOSE_FILE)], capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    for service in ("worker", "simulate", "grafana"):
        assert f"\n    {service}:\n" in good.stdout
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(TEXT.replace("  read_only: true", "  readonly: true"))
    assert subprocess.run([READER, str(broken)], capture_output=True, check=False).returncode != 0


@pytest.fixture
def containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Addresses]]:
    if not docker.answers(os.environ):
        pytest.skip("no Docker engine with compose answers")
    monkeypatch.setenv("EBBWATCH_STACK", "docker")
    yield tmp_path, stack.up(tmp_path, progress=lambda _: None)
    stack.down(tmp_path, wipe=True)


@pytest.mark.docker
@pytest.mark.integration
def test_containers_start_stop_and_come_back(containers: tuple[Path, Addresses]) -> None:
    home, addresses = containers
    await_ready(addresses, seconds=1.0)
    assert stack.find(home) == addresses
    assert stack.down(home)
    assert stack.find(home) is None
    assert stack.up(home, progress=lambda _: None) == addresses


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_the_image_runs_the_command_line() -> None:
    if not docker.engine_answers(os.environ):
        pytest.skip("no Docker engine answers")
    folder = str(COMPOSE_FILE.parent)
    subprocess.run(["docker", "build", "-q", "-t", "ebbwatch:test", folder], check=True, capture_output=True)
    run = ["docker", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "ebbwatch:test"]
    answer = subprocess.run([*run, "--help"], check=True, capture_output=True, text=True)
    assert "worker" in answer.stdout
    who = subprocess.run(
        [*run[:-1], "--entrypoint", "id", "ebbwatch:test", "-u"], check=True, capture_output=True, text=True
    )
    assert who.stdout.strip() != "0"
