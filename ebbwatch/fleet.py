"""Several supervised processes of this one, each with its log file: workers, and a trainer."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from advisor.workspaces.config import COMMAND as ADVISOR
from advisor.workspaces.config import ENVIRONMENT as ADVISOR_CARRIER
from api.config import ENVIRONMENT as API_CARRIER
from console.config import COMMAND as CONSOLE
from console.config import ENVIRONMENT as CONSOLE_CARRIER
from ebbwatch.batch import BATCH_CARRIERS, BATCH_COMMANDS, batch_config, exporter_config
from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.processes import (
    advisor_config,
    api_config,
    archiver_config,
    console_config,
    courier_config,
    instance_name,
    notifier_config,
    trainer_config,
    worker_config,
)
from ebbwatch.rates import counting
from ebbwatch.settings import Settings
from stream_processors.archiver_config import ENVIRONMENT as ARCHIVER_CARRIER
from stream_processors.config import ENVIRONMENT as CARRIER
from stream_processors.courier_config import ENVIRONMENT as COURIER_CARRIER
from stream_processors.notifier_config import ENVIRONMENT as NOTIFIER_CARRIER
from stream_processors.supervisor import API, ARCHIVER, COURIER, NOTIFIER, TRAINER, WORKER, Supervisor


def _worker(settings: Settings, generation: int | None, instance: str, restarts: int) -> msgspec.Struct:
    return worker_config(open_deployment(settings, generation), instance, restarts)


def _trainer(settings: Settings, restarts: int) -> msgspec.Struct:
    return trainer_config(open_deployment(settings), restarts)


def _archiver(settings: Settings, restarts: int) -> msgspec.Struct:
    return archiver_config(open_deployment(settings), restarts)


def _notifier(settings: Settings, restarts: int) -> msgspec.Struct:
    return notifier_config(open_deployment(settings), restarts)


def _courier(settings: Settings, restarts: int) -> msgspec.Struct:
    return courier_config(open_deployment(settings), restarts)


def _scheduler(settings: Settings, restarts: int) -> msgspec.Struct:
    return batch_config(settings, open_deployment(settings).stream.topic, restarts)


def _api(settings: Settings, restarts: int) -> msgspec.Struct:
    return api_config(open_deployment(settings), restarts)


_BRISK_S: Final = 1.0
_COMMANDS: Final = {
    "trainer": TRAINER, "archiver": ARCHIVER, "notifier": NOTIFIER, "courier": COURIER, "api": API,
    "advisor": ADVISOR, "console": CONSOLE,
}  # fmt: skip
_ANSWERING: Final = frozenset({"api", "notifier", "courier", "console"})
"""Somebody waits for what they do; workers, the trainer and the archiver stand back beside them."""
_CARRIERS: Final = {
    "archiver": ARCHIVER_CARRIER, "notifier": NOTIFIER_CARRIER, "courier": COURIER_CARRIER, "api": API_CARRIER,
    "advisor": ADVISOR_CARRIER, "console": CONSOLE_CARRIER,
}  # fmt: skip


def brisk(settings: Settings) -> Settings:
    """The same for a run that ends by itself: nobody shall wait for a last batch to grow old."""
    seconds = min(settings.archive_batch_seconds, _BRISK_S)
    return settings.model_copy(update={"archive_batch_seconds": seconds})


class Fleet:
    """Starts all on entering; on leaving ends them cleanly."""

    def __init__(
        self,
        settings: Settings,
        workers: int,
        logs: Path,
        generation: int | None = None,
        *,
        trainer: bool = False,
        archiver: bool = False,
        api: bool = False,
        batch: bool = False,
        advisor: bool = False,
        console: bool = False,
    ) -> None:
        """
        Args:
            logs: folder for one log file a process.
            generation: of the keys to fill; None for the one that is served.
            trainer: whether a trainer runs beside the workers.
            archiver: whether an archiver does.
            api: whether the API does, and the notifier and the courier.
            batch: whether the scheduler of the batch jobs does, and the exporter.
            advisor: whether the process that works on workspaces does.
            console: whether the pages for people do.
        """
        logs.mkdir(parents=True, exist_ok=True)

        configured: dict[str, Callable[[int], msgspec.Struct]] = {
            f"worker-{number}": partial(_worker, settings, generation, instance_name(number))
            for number in range(workers)
        }
        if trainer:
            configured["trainer"] = partial(_trainer, settings)
        if archiver:
            configured["archiver"] = partial(_archiver, settings)
        self._rates = ExitStack()
        if api:
            settings = self._rates.enter_context(counting(settings))
            configured["notifier"] = partial(_notifier, settings)
            configured["courier"] = partial(_courier, settings)
            configured["api"] = partial(_api, settings)
        if batch:
            configured["scheduler"] = partial(_scheduler, settings)
            configured["exporter"] = partial(exporter_config, settings)
        if advisor:
            configured["advisor"] = partial(advisor_config, settings)
        if console:
            configured["console"] = partial(console_config, settings)
        self.logs = {name: logs / f"{name}.log" for name in configured}
        self._failures: dict[str, str] = {}
        self._supervisors = {
            name: Supervisor(
                configure,
                self.logs[name],
                AWAY,
                command=(_COMMANDS | BATCH_COMMANDS).get(name, WORKER),
                name=name,
                environment=(_CARRIERS | BATCH_CARRIERS).get(name, CARRIER),
                nice=settings.background_nice if api and name not in _ANSWERING else 0,
            )
            for name, configure in configured.items()
        }
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"supervisor-{name}") for name in configured
        ]

    def __enter__(self) -> "Fleet":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for supervisor in self._supervisors.values():
            supervisor.stop()
        for thread in self._threads:
            thread.join()
        self._rates.close()

    def _run(self, name: str) -> None:
        try:
            code = self._supervisors[name].run()
        except Exception as fault:  # nobody else would hear of it in this thread
            self._failures[name] = f"{type(fault).__name__}: {fault}"
        else:
            if code != 0:
                self._failures[name] = last_line(self.logs[name]) or f"{name} ended with {code}"

    @property
    def restarts(self) -> int:
        """Times that a process was started anew."""
        return sum(supervisor.restarts for supervisor in self._supervisors.values())

    def failure(self) -> str | None:
        """What a process that gave up said last, None while none has."""
        return next(iter(dict(self._failures).values()), None)


def last_line(log: Path) -> str:
    """The last line of a log file that says something."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""
