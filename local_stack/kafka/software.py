"""Kafka's jars and a Java to run them: found installed, or fetched once per user."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from shutil import which

import msgspec

from local_stack.errors import StackError
from local_stack.part import Progress

POM = Path(__file__).with_name("pom.xml")
LEAST_JAVA = 17  # Kafka 4 brokers need it


class KafkaSoftware(msgspec.Struct, frozen=True):
    """What one broker process is started from."""

    java: Path
    jars: Path
    """Folder of jar files."""
    text: str
    """For people."""


def pinned_version() -> str:
    """The version of Kafka that the pom names."""
    found = re.search(r"<artifactId>kafka_[\d.]+</artifactId>\s*<version>([^<]+)</version>", POM.read_text())
    assert found is not None
    return found.group(1)


def installed_jars(environ: Mapping[str, str]) -> Path | None:
    """Jar folder of the Kafka installation that ``KAFKA_HOME`` or PATH names."""
    homes = [Path(environ["KAFKA_HOME"])] if environ.get("KAFKA_HOME") else []
    script = which("kafka-server-start.sh", path=environ.get("PATH", os.defpath))
    if script:
        homes.append(Path(script).resolve().parent.parent)
    return next((home / "libs" for home in homes if any((home / "libs").glob("kafka_*.jar"))), None)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where fetched jars are kept for all stacks of this user."""
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ebbwatch" / f"kafka-{pinned_version()}"


def find_java(environ: Mapping[str, str]) -> Path | None:
    """``java`` of ``JAVA_HOME``, else of PATH; of any version."""
    home = environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return Path(home) / "bin" / "java"
    found = which("java", path=environ.get("PATH", os.defpath))
    return Path(found) if found else None


def can_run(environ: Mapping[str, str]) -> bool:
    """Whether `obtain` has all it needs, without running or fetching anything."""
    jars = installed_jars(environ) or cache_folder(environ)
    return find_java(environ) is not None and (
        jars.exists() or which("mvn", path=environ.get("PATH")) is not None
    )


def obtain(environ: Mapping[str, str], progress: Progress) -> KafkaSoftware:
    """Finds Kafka and Java; fetches the jars with Maven into the user's cache if there are none.

    Raises:
        StackError: Java is missing or too old, there are no jars and no Maven, or Maven failed.
    """
    java = find_java(environ)
    if java is None:
        raise StackError(f"Kafka: no java on PATH or in JAVA_HOME; install Java {LEAST_JAVA} or newer")
    version = _java_version(java)
    if version < LEAST_JAVA:
        raise StackError(f"Kafka: {java} is Java {version}; install Java {LEAST_JAVA} or newer")
    installed = installed_jars(environ)
    if installed:
        return KafkaSoftware(java, installed, f"Kafka of {installed.parent}")
    cache = cache_folder(environ)
    if not cache.exists():
        _fetch(cache, environ, progress)
    return KafkaSoftware(java, cache, f"Kafka {pinned_version()}")


def _java_version(java: Path) -> int:
    answer = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', answer)
    return int(found.group(1)) if found else 0


def _fetch(cache: Path, environ: Mapping[str, str], progress: Progress) -> None:
    maven = which("mvn", path=environ.get("PATH"))
    if maven is None:
        raise StackError("Kafka: neither an installation (KAFKA_HOME or PATH) nor Maven (mvn) to fetch one")
    progress(f"Kafka: fetching {pinned_version()} with Maven, once, about 43 MB, into {cache}")
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix="fetching-") as temporary:
        work = Path(temporary)
        shutil.copy(POM, work / "pom.xml")  # Maven writes beside the pom
        goal = [
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            f"-DoutputDirectory={work / 'jars'}",
        ]
        command = [maven, "-B", "-q", "-f", str(work / "pom.xml"), *goal]
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(environ))
        if result.returncode != 0:
            lines = "\n".join(f"  {line}" for line in (result.stdout + result.stderr).splitlines()[:15])
            raise StackError(f"Kafka: Maven could not fetch the jars ({' '.join(command)}):\n{lines}")
        try:
            (work / "jars").rename(cache)
        except OSError:
            if not cache.exists():  # else another run was faster, and has the same jars
                raise
