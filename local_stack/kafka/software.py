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
    java_version: str
    """As Java tells it, for instance ``17.0.15``."""
    jars: Path
    """Folder of jar files."""
    cache: Path
    """Folder for what all stacks of this user share."""
    text: str
    """For people."""

    @property
    def classes(self) -> str:
        """The class path."""
        return os.pathsep.join(str(jar) for jar in sorted(self.jars.glob("*.jar")))


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
    """What all stacks of this user share."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ebbwatch"


def fetched_jars(environ: Mapping[str, str]) -> Path:
    """Where the jars of the pinned version are, once they have been fetched."""
    return cache_folder(environ) / f"kafka-{pinned_version()}"


def find_java(environ: Mapping[str, str]) -> Path | None:
    """``java`` of ``JAVA_HOME``, else of PATH; of any version."""
    home = environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return Path(home) / "bin" / "java"
    found = which("java", path=environ.get("PATH", os.defpath))
    return Path(found) if found else None


def can_run(environ: Mapping[str, str]) -> bool:
    """Whether `obtain` has all it needs, without running or fetching anything."""
    jars = installed_jars(environ) or fetched_jars(environ)
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
    if int(version.split(".")[0]) < LEAST_JAVA:
        raise StackError(f"Kafka: {java} is Java {version}; install Java {LEAST_JAVA} or newer")
    cache = cache_folder(environ)
    installed = installed_jars(environ)
    if installed:
        return KafkaSoftware(java, version, installed, cache, f"Kafka of {installed.parent}")
    jars = fetched_jars(environ)
    if not jars.exists():
        _fetch(jars, environ, progress)
    return KafkaSoftware(java, version, jars, cache, f"Kafka {pinned_version()}")


def _java_version(java: Path) -> str:
    answer = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+[\d.]*)', answer)  # Java 8 calls itself 1.8
    if found is None:
        raise StackError(f"Kafka: `{java} -version` does not name a version but says: {answer.strip()}")
    return found.group(1)


def _fetch(jars: Path, environ: Mapping[str, str], progress: Progress) -> None:
    maven = which("mvn", path=environ.get("PATH"))
    if maven is None:
        raise StackError("Kafka: neither an installation (KAFKA_HOME or PATH) nor Maven (mvn) to fetch one")
    progress(f"Kafka: fetching {pinned_version()} with Maven, once, about 43 MB, into {jars}")
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix="fetching-") as temporary:
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
            (work / "jars").rename(jars)
        except OSError:
            if not jars.exists():  # else another run was faster, and has the same jars
                raise
