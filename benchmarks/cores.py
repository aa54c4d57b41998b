"""Where processes spend a stretch of time: on a core, or ready to run and waiting for one."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Spent(NamedTuple):
    """Sums over all threads of a process, nanoseconds."""

    ran: int
    waited: int
    """For a core, though it could have run."""


class Cores:
    """From its making to `figures`."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        """
        Args:
            processes: ids by name; those that end meanwhile are left out.
        """
        self._processes = processes
        self._before = {name: spent(pid) for name, pid in processes.items()}
        self._begun = time.monotonic_ns()

    def figures(self) -> dict[str, Any]:
        """Cores on average, by process."""
        span = time.monotonic_ns() - self._begun
        found = {}
        for name, pid in self._processes.items():
            now, before = spent(pid), self._before[name]
            if now is not None and before is not None:
                found[name] = {
                    "runs": round((now.ran - before.ran) / span, 2),
                    "waits": round((now.waited - before.waited) / span, 2),
                }
        return found


def spent(pid: int) -> Spent | None:
    """So far; None for a process that is not there, or a system that does not count it (`/proc/PID/schedstat`)."""
    ran = waited = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            on, ready, _ = (task / "schedstat").read_text("ascii").split()
            ran, waited = ran + int(on), waited + int(ready)
    except OSError:
        return None
    return Spent(ran, waited)
