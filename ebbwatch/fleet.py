"""Several supervised workers of this process, each with its log file."""

import threading
from pathlib import Path

from ebbwatch.deployment import AWAY, instance_name, open_deployment
from ebbwatch.settings import Settings
from stream_processors.supervisor import Supervisor


class Fleet:
    """Starts `count` workers on `start`; `stop` ends them cleanly. A context manager."""

    def __init__(self, settings: Settings, count: int, logs: Path, generation: int | None = None) -> None:
        """
        Args:
            logs: folder for one log file a worker.
            generation: of the keys to fill; None for the one that is served.
        """
        logs.mkdir(parents=True, exist_ok=True)
        self._failures: dict[int, str] = {}
        self.logs = [logs / f"worker-{number}.log" for number in range(count)]
        self._supervisors = [
            Supervisor(
                lambda restarts, number=number: open_deployment(settings, generation).worker(  # type: ignore[misc]
                    instance_name(number), restarts
                ),
                output=log,
                away=AWAY,
            )
            for number, log in enumerate(self.logs)
        ]
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name=f"supervisor-{number}")
            for number in range(count)
        ]

    def __enter__(self) -> "Fleet":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for supervisor in self._supervisors:
            supervisor.stop()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        try:
            code = self._supervisors[number].run()
        except Exception as fault:  # nobody else would hear of it in this thread
            self._failures[number] = f"{type(fault).__name__}: {fault}"
        else:
            if code != 0:
                self._failures[number] = last_line(self.logs[number]) or f"worker {number} ended with {code}"

    @property
    def restarts(self) -> int:
        """Times that a worker was started anew."""
        return sum(supervisor.restarts for supervisor in self._supervisors)

    def failure(self) -> str | None:
        """What a worker that gave up said last, None while none has."""
        return next(iter(dict(self._failures).values()), None)


def last_line(log: Path) -> str:
    """The last line of a log file that says something."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""
