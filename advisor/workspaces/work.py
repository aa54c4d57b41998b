"""What is to be done with one workspace, in a process of its own that a hostile file may take down and no other."""

import os
import resource
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from advisor.exports.names import CHARTS
from advisor.intake.limits import RefusedFileError
from advisor.intake.mapping import MappingError, proposed
from advisor.training.errors import UnusableError
from advisor.workspaces.folders import (
    CONTACTS,
    EVENTS,
    PAUSED,
    PROFILE,
    RESULTS,
    ROWS,
    SCRATCH,
    THRESHOLD,
    UPLOAD,
    UnknownWorkspaceError,
    Workspaces,
)  # fmt: skip
from advisor.workspaces.outcomes import CODES, Outcome
from advisor.workspaces.workspace import TO_DO, Progress, Workspace, moved
from domain.calendar import DAY_MS
from domain.settings import FactSettings

# ruff: noqa: PLC0415 - a step imports what it needs: all of it takes seconds, each time that a process begins

MOST_MEMORY: Final = 5 << 30
"""Bytes of data, of which libraries reserve some and do not use it (VmData less VmRSS in /proc/PID/status). Address
space is no measure: of that far more is never touched."""
MOST_CPU_S: Final = 3600
NOTHING: Final[Mapping[Path, Path]] = MappingProxyType({})
_TOLD_EVERY_S: Final = 0.5
_NICE: Final = 19
"""Whoever asks the live API must not feel a training."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told."""

    root: str
    id: str
    facts: FactSettings
    """Of the deployment; a workspace says its own horizon and inactivity."""
    contestants: tuple[str, ...]
    learners: tuple[str, ...]


class GivenUpError(Exception):
    """The workspace is not what it was when the work began: cancelled, or deleted."""


def work(job: Job, now_ms: Callable[[], int]) -> Outcome:
    """Do what the workspace's state asks for, and leave it in the next one; faults of the file become its error.

    Raises:
        UnknownWorkspaceError: there is none when it begins.
    """
    workspaces = Workspaces(Path(job.root))
    workspace = workspaces.read(job.id)
    if workspace.state not in TO_DO:  # cancelled before it began
        return "cancelled"
    step = {"uploaded": _read, "mapping": _map, "training": _train}[workspace.state]
    try:
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=workspaces.folder(job.id)) as scratch:
            step(job, workspaces, workspace, Path(scratch), _Watch(workspaces, workspace, now_ms))
    except (RefusedFileError, MappingError, UnusableError) as fault:
        reason = str(fault)
        _leave(workspaces, workspace, lambda w: moved(w, "failed", error=reason))
        return "failed"
    except (GivenUpError, UnknownWorkspaceError, FileNotFoundError):
        workspaces.clear(job.id)
        return "cancelled"
    return "succeeded"


class _Watch:
    """Tells progress, and stops work that nobody wants any more."""

    def __init__(self, workspaces: Workspaces, workspace: Workspace, now_ms: Callable[[], int]) -> None:
        self._workspaces, self._workspace, self.now = workspaces, workspace, now_ms
        self._began = now_ms()
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, stage: str, share: float) -> None:
        now = time.monotonic()
        if stage == self._last[0] and now - self._last[1] < _TOLD_EVERY_S:
            return
        self._last = (stage, now)
        if self._workspaces.read(self._workspace.id) != self._workspace:
            raise GivenUpError
        told = Progress(stage=stage, share=share, began_ms=self._began, at_ms=self.now())
        self._workspaces.tell(self._workspace.id, told)


def _read(job: Job, workspaces: Workspaces, workspace: Workspace, scratch: Path, told: "_Watch") -> None:
    from advisor.intake.reading import read

    folder = workspaces.folder(job.id)
    described = read(folder / UPLOAD, scratch / ROWS, told)
    _leave(
        workspaces,
        workspace,
        lambda w: moved(w, "read", described=described, proposed=proposed(described)),
        {scratch / ROWS: folder / ROWS},
    )


def _map(job: Job, workspaces: Workspaces, workspace: Workspace, scratch: Path, told: "_Watch") -> None:
    from advisor.exports.charts import of_file, write
    from advisor.intake.events import canonical, enough
    from advisor.profile.profile import profile
    from advisor.threshold.threshold import found as threshold_of

    folder = workspaces.folder(job.id)
    assert workspace.described is not None
    assert workspace.mapping is not None
    told("taking the columns for what they are", 0.0)
    made = canonical(folder / ROWS, workspace.described, workspace.mapping, scratch)
    enough(made)
    told("looking at the quality", 0.0)
    found = profile(folder / ROWS, scratch / EVENTS, workspace.described, workspace.mapping, made, told.now())
    (scratch / PROFILE).write_bytes(msgspec.json.encode(found))
    told("looking for the threshold", 0.0)
    threshold = threshold_of(scratch / EVENTS)
    (scratch / THRESHOLD).write_bytes(msgspec.json.encode(threshold))
    told("drawing", 0.0)
    write(scratch, of_file(found, threshold))
    names = [name for name in (EVENTS, PROFILE, THRESHOLD, CONTACTS, CHARTS) if (scratch / name).exists()]
    _leave(
        workspaces,
        workspace,
        lambda w: moved(w, "mapped", told=made),
        {scratch / name: folder / name for name in names},
        gone=(folder / RESULTS, folder / CONTACTS, folder / CHARTS, folder / PAUSED),
    )


def _train(job: Job, workspaces: Workspaces, workspace: Workspace, scratch: Path, told: "_Watch") -> None:
    from advisor.exports.card import Made
    from advisor.exports.results import write_for_people
    from advisor.training.affordable import affordable
    from advisor.training.kept import model
    from advisor.training.training import Asked, train

    folder = workspaces.folder(job.id)
    learn = workspace.learn
    assert learn is not None
    assert workspace.told is not None
    assert workspace.mapping is not None
    facts = msgspec.structs.replace(
        job.facts, horizon_ms=learn.horizon_days * DAY_MS, inactivity_ms=learn.inactivity_days * DAY_MS
    )
    asked = Asked(
        facts=facts,
        contestants=affordable(job.contestants, workspace.told.customers),
        learners=job.learners,
        seed=learn.seed,
        offer=learn.offer,
    )
    results = scratch / RESULTS
    results.mkdir()
    summary, _ = train(folder / EVENTS, results, asked, told, folder / PAUSED)
    today = datetime.fromtimestamp(told.now() / 1000, UTC).date()
    write_for_people(
        results,
        Made(
            file=workspace.name,
            told=workspace.told,
            mapping=workspace.mapping,
            summary=summary,
            manifest=model(results).manifest,
            today=today,
        ),
    )
    _leave(
        workspaces,
        workspace,
        lambda w: moved(w, "trained"),
        {results: folder / RESULTS},
        gone=(folder / RESULTS, folder / PAUSED),
    )


def _leave(
    workspaces: Workspaces,
    workspace: Workspace,
    changed: Callable[[Workspace], Workspace],
    moves: Mapping[Path, Path] = NOTHING,
    gone: Iterable[Path] = (),
) -> None:
    """Put what was made in its place, and the workspace into its next state; nobody sees a part of it.

    Args:
        moves: where a file or folder goes, by where it was made.
        gone: what rests on what was there before, and has lost its ground.
    """

    def after(now: Workspace) -> Workspace:
        if now != workspace:
            raise GivenUpError
        for path in gone:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        for made, place in moves.items():
            made.replace(place)
        return changed(now)

    workspaces.change(workspace.id, after)


def bounded() -> None:
    """So much memory and CPU for this process and no more, and after all others: it may fail, and the machine not."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S + 10))
    os.nice(_NICE)


def main() -> None:
    """The job stands on the first line of standard input, which stays open as long as anybody waits for it."""
    bounded()
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)

    def orphaned() -> None:
        sys.stdin.buffer.read()
        os._exit(1)  # nothing is half there: what is done counts when it is put in its place

    threading.Thread(target=orphaned, daemon=True).start()
    os._exit(CODES[_ended(job)])  # without waiting for the thread that reads


def _ended(job: Job) -> Outcome:
    try:
        return work(job, lambda: time.time_ns() // 1_000_000)
    # deleted or changed before it began, or while its error was told
    except (UnknownWorkspaceError, GivenUpError):
        return "cancelled"
    except MemoryError:
        traceback.print_exc()
        return "out_of_memory"


if __name__ == "__main__":
    main()
