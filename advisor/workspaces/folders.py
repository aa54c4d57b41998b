"""Workspaces in a folder: one folder each, named by nothing that anybody sends."""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from advisor.workspaces.workspace import Progress, Workspace
from storage.durable import replacing

UPLOAD: Final = "upload"
ROWS: Final = "rows.parquet"
EVENTS: Final = "events.parquet"
CONTACTS: Final = "contacts.parquet"
PROFILE: Final = "profile.json"
THRESHOLD: Final = "threshold.json"
RESULTS: Final = "results"
PAUSED: Final = "paused"
"""What a training has learned that is not done (`advisor.training.paused`)."""
ACTIONS: Final = "actions.json"
"""Rows of the table of recommended actions that take the place of its own (`domain.actions.with_edits`)."""
SCRATCH: Final = "work-"
"""What names of folders begin with in which results are made."""
_ID: Final = re.compile("[a-z2-7]{26}")
_ABOUT: Final = "workspace.json"
_PROGRESS: Final = "progress.json"
_LOCK: Final = "lock"
_NAME: Final = 120
_T = TypeVar("_T")


class UnknownWorkspaceError(LookupError):
    """There is none of this id, or not any more."""


class Workspaces:
    """All of a deployment. Changes of one are made under its lock, from any process of the machine."""

    def __init__(self, root: Path) -> None:
        """Args:
        root: made when the first one comes.
        """
        self.root = root

    def create(self, workspace: Workspace, upload: Path) -> None:
        """Put a new one there, with its file, which is moved.

        Raises:
            OSError: the disk is full; nothing of it is visible.
        """
        folder = self.root / f".{workspace.id}"
        folder.mkdir(parents=True)
        try:
            (folder / _LOCK).touch()
            upload.replace(folder / UPLOAD)
            self._write(folder / _ABOUT, workspace)
            folder.rename(self.root / workspace.id)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def ids(self) -> list[str]:
        """Of all there are, in the order of the text."""
        return sorted(path.name for path in self.root.glob("*") if _ID.fullmatch(path.name))

    def folder(self, id_: str) -> Path:
        """Where its files are.

        Raises:
            UnknownWorkspaceError: there is none.
        """
        path = self.root / id_
        if not _ID.fullmatch(id_) or not path.is_dir():
            raise UnknownWorkspaceError(id_)
        return path

    def read(self, id_: str) -> Workspace:
        """Raises `UnknownWorkspaceError` where there is none."""
        return self._read(id_, _ABOUT, Workspace)

    def changed_ms(self, id_: str) -> int:
        """When it last became what `read` gives; raises as that does."""
        try:
            return (self.folder(id_) / _ABOUT).stat().st_mtime_ns // 1_000_000
        except FileNotFoundError as fault:
            raise UnknownWorkspaceError(id_) from fault

    def size(self) -> int:
        """Bytes of all files, also of work under way. Looks at each: not for every moment."""
        total = 0
        for folder, _, names in os.walk(self.root):
            for name in names:
                with suppress(FileNotFoundError):  # work under way puts its files elsewhere
                    total += os.lstat(Path(folder) / name).st_size
        return total

    def progress(self, id_: str) -> Progress | None:
        """Of what is under way; None where nothing is."""
        try:
            return self._read(id_, _PROGRESS, Progress)
        except UnknownWorkspaceError:
            return None

    def change(self, id_: str, changed: Callable[[Workspace], Workspace]) -> Workspace:
        """Read it, and put what becomes of it in its place; nobody else changes it meanwhile.

        Raises:
            UnknownWorkspaceError: there is none.
            StateError: as `changed` says.
        """
        with self.locked(id_) as folder:
            after = changed(self.read(id_))
            self._write(folder / _ABOUT, after)
            return after

    @contextmanager
    def locked(self, id_: str) -> Iterator[Path]:
        """Its folder, which nobody changes or deletes meanwhile.

        Raises:
            UnknownWorkspaceError: there is none.
        """
        folder = self.folder(id_)
        try:
            lock = (folder / _LOCK).open("rb")
        except FileNotFoundError as fault:
            raise UnknownWorkspaceError(id_) from fault
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():  # deleted while we waited
                raise UnknownWorkspaceError(id_)
            yield folder

    def tell(self, id_: str, progress: Progress) -> None:
        """How far the work is.

        Raises:
            UnknownWorkspaceError: it was deleted.
        """
        try:
            self._write(self.folder(id_) / _PROGRESS, progress)
        except FileNotFoundError as fault:
            raise UnknownWorkspaceError(id_) from fault

    def done(self, id_: str) -> None:
        """Nothing is under way any more: what the work, or a kill of it, has left beside is of no use."""
        (self.root / id_ / _PROGRESS).unlink(missing_ok=True)
        for scratch in (self.root / id_).glob(f"{SCRATCH}*"):
            shutil.rmtree(scratch, ignore_errors=True)

    def delete(self, id_: str) -> None:
        """All of it; work under way finds nothing to write into.

        Raises:
            UnknownWorkspaceError: there is none.
        """
        with self.locked(id_) as folder:
            gone = self.root / f".gone-{id_}"
            folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self, now_ms: int) -> list[str]:
        """Delete what has expired, and what a kill has left half made or half deleted; ids of the former."""
        for path in self.root.glob(".*"):
            if path.name.startswith(".gone-") or (now_ms / 1000 - path.stat().st_mtime > 3600):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        expired = []
        for id_ in self.ids():
            try:
                if self.read(id_).expires_ms <= now_ms:
                    self.delete(id_)
                    expired.append(id_)
            except UnknownWorkspaceError:
                self.clear(id_)
        return expired

    def clear(self, id_: str) -> None:
        """Of a workspace that was deleted: what work under way has written after that."""
        if not (self.root / id_ / _ABOUT).exists():
            shutil.rmtree(self.root / id_, ignore_errors=True)

    def _read(self, id_: str, name: str, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode((self.folder(id_) / name).read_bytes(), type=kind)
        except FileNotFoundError as fault:
            raise UnknownWorkspaceError(id_) from fault

    @staticmethod
    def _write(path: Path, content: msgspec.Struct) -> None:
        with replacing(str(path)) as file:
            file.write(msgspec.json.encode(content))


def shown_name(name: str) -> str:
    """A file's name as it is shown: its last part, without signs that steer a terminal, not too long."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(sign for sign in last if sign.isprintable())[:_NAME].strip() or "file"
