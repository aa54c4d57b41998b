"""Kafka and Redis as containers of the project's compose file."""

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which

from local_stack.errors import StackError
from local_stack.ports import HOST

COMPOSE_FILE = Path(__file__).resolve().parent.parent / "docker-compose.yml"
PORT_VARIABLES = {"kafka": "EBBWATCH_KAFKA_PORT", "redis": "EBBWATCH_REDIS_PORT"}
_ASK_SECONDS = 10.0
_START_SECONDS = 300.0  # the first time the images are fetched


def answers(environ: Mapping[str, str]) -> bool:
    """Whether a Docker engine answers, and the compose plugin and the compose file are there."""
    return COMPOSE_FILE.exists() and engine_answers(environ) and _succeeds(environ, ["compose", "version"])


def engine_answers(environ: Mapping[str, str]) -> bool:
    """Whether there is a docker program and its engine answers."""
    return _succeeds(environ, ["version", "--format", "{{.Server.Version}}"])


def project(folder: Path) -> str:
    """Name of the compose project that belongs to a stack's folder."""
    return f"ebbwatch-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:10]}"


def up(folder: Path, ports: Mapping[str, int]) -> None:
    """Starts the services named in `ports`, each published there, and waits until they are healthy.

    Raises:
        StackError: compose says no, or takes longer than 5 minutes.
    """
    _compose(folder, ["up", "--detach", "--wait", *sorted(ports)], ports)


def down(folder: Path, *, wipe: bool) -> None:
    """Stops the containers; their volumes go only with `wipe`.

    Raises:
        StackError: compose says no.
    """
    _compose(folder, ["down", *(["--volumes"] if wipe else [])], {})


def address(part: str, port: int) -> str:
    """How clients reach the ``kafka`` or the ``redis`` service."""
    return f"{HOST}:{port}" if part == "kafka" else f"redis://{HOST}:{port}/0"


def _compose(folder: Path, arguments: Sequence[str], ports: Mapping[str, int]) -> None:
    environ = dict(os.environ) | {PORT_VARIABLES[part]: str(port) for part, port in ports.items()}
    command = ["docker", "compose", "-p", project(folder), "-f", str(COMPOSE_FILE), *arguments]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environ, timeout=_START_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"`{' '.join(command)}` took longer than {_START_SECONDS:.0f} s") from error
    if result.returncode != 0:
        lines = "\n".join(f"  {line}" for line in result.stderr.splitlines()[-15:])
        raise StackError(f"`{' '.join(command)}` failed:\n{lines}")


def _succeeds(environ: Mapping[str, str], arguments: Sequence[str]) -> bool:
    program = which("docker", path=environ.get("PATH", os.defpath))
    if program is None:
        return False
    command = [program, *arguments]
    try:
        result = subprocess.run(
            command, capture_output=True, check=False, timeout=_ASK_SECONDS, env=dict(environ)
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0
