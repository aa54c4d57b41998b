"""Which Kafka and which Java are taken."""

from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.kafka.software import (
    can_run,
    fetched_jars,
    find_java,
    installed_jars,
    obtain,
    pinned_version,
)


def program(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    program(tmp_path / "kafka" / "bin" / "kafka-server-start.sh")
    (tmp_path / "kafka" / "libs").mkdir()
    (tmp_path / "kafka" / "libs" / "kafka_2.13-4.1.0.jar").touch()
    return tmp_path / "kafka"


def test_an_installation_is_found_by_variable_and_on_path(installation: Path) -> None:
    assert installed_jars({"KAFKA_HOME": str(installation), "PATH": ""}) == installation / "libs"
    assert installed_jars({"PATH": str(installation / "bin")}) == installation / "libs"
    assert installed_jars({"PATH": "/nonexistent"}) is None


def test_a_folder_without_kafka_is_no_installation(tmp_path: Path) -> None:
    assert installed_jars({"KAFKA_HOME": str(tmp_path), "PATH": "/nonexistent"}) is None


def test_fetched_jars_are_kept_by_version_in_the_users_cache() -> None:
    name = f"kafka-{pinned_version()}"
    assert fetched_jars({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/ebbwatch") / name
    assert fetched_jars({}) == Path.home() / ".cache" / "ebbwatch" / name


def test_java_home_comes_before_path(tmp_path: Path) -> None:
    first = program(tmp_path / "jdk" / "bin" / "java")
    second = program(tmp_path / "bin" / "java")
    path = str(second.parent)
    assert find_java({"JAVA_HOME": str(tmp_path / "jdk"), "PATH": path}) == first
    assert find_java({"JAVA_HOME": "/nonexistent", "PATH": path}) == second
    assert find_java({"PATH": "/nonexistent"}) is None


def test_kafka_can_run_with_jars_or_with_maven(tmp_path: Path, installation: Path) -> None:
    program(tmp_path / "bin" / "java")
    environ = {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert not can_run(environ)
    assert can_run(environ | {"KAFKA_HOME": str(installation)})
    fetched_jars(environ).mkdir(parents=True)
    assert can_run(environ)
    fetched_jars(environ).rmdir()
    program(tmp_path / "bin" / "mvn")
    assert can_run(environ)


def silent(_: str) -> None:
    pass


@pytest.mark.parametrize(
    ("version", "works"), [("17.0.15", True), ("25", True), ("11.0.2", False), ("1.8.0_402", False)]
)
def test_java_must_be_new_enough(tmp_path: Path, installation: Path, version: str, works: bool) -> None:
    program(tmp_path / "bin" / "java", f"echo 'openjdk version \"{version}\" 2026-01-01' >&2")
    environ = {"PATH": str(tmp_path / "bin"), "KAFKA_HOME": str(installation)}
    if works:
        software = obtain(environ, silent)
        assert software.jars == installation / "libs"
        assert version.startswith(software.java_version)
    else:
        with pytest.raises(StackError, match="Java 17 or newer"):
            obtain(environ, silent)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no java"):
        obtain({"PATH": "/nonexistent"}, silent)
    program(tmp_path / "bin" / "java", "echo 'openjdk version \"21.0.1\"' >&2")
    with pytest.raises(StackError, match="Maven"):
        obtain({"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path)}, silent)


def test_a_failed_fetch_tells_what_maven_said_and_leaves_nothing(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "java", "echo 'openjdk version \"21.0.1\"' >&2")
    program(tmp_path / "bin" / "mvn", "echo 'no route to host'; exit 1")
    environ = {"PATH": f"{tmp_path / 'bin'}:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with pytest.raises(StackError, match="no route to host"):
        obtain(environ, silent)
    assert list((tmp_path / "cache" / "ebbwatch").iterdir()) == []
