"""Files under any address that fsspec knows, written whole or not at all."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import fsspec
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from storage.durable import create, replacing
from storage.errors import StorageError
from storage.object_store import opened


class Storage:
    """The files under one address.

    On a local disk a file is renamed into place once it is safely there. Object stores show an object when its
    upload is complete. Elsewhere a reader may see a part of a file, which its checksum gives away.
    """

    def __init__(self, address: str, what: str, fault: type[Exception] = StorageError) -> None:
        """Look the address up; nothing is read or written yet.

        Args:
            address: a folder, or `memory://models`, `s3://bucket/models` and the like.
            what: lies there, for messages: "registry".
            fault: class of the errors, one that the callers of `what` know.

        Raises:
            StorageError: no such kind of address, or the package for it is not installed; or `fault`, here and below.
        """
        self.address = address
        self._what = what
        self._fault = fault
        try:
            found: tuple[AbstractFileSystem, str] = opened(address) or fsspec.core.url_to_fs(address)
        except (ValueError, ImportError) as wrong:
            raise self._fault(f"{what} address {address!r} cannot be used: {wrong}") from wrong
        self._files, root = found
        self._root = root.rstrip("/")

    @property
    def folder(self) -> Path | None:
        """The address as a folder of this machine, None if it is elsewhere."""
        return Path(self._root) if isinstance(self._files, LocalFileSystem) else None

    def read(self, name: str) -> bytes:
        """Contents of a file.

        Raises:
            FileNotFoundError: it is not there.
            StorageError: it cannot be read.
        """
        with self._told(f"read {name}"):
            self._forget_listings()
            return bytes(self._files.cat_file(self._path(name)))

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, over a former one; its folder is made where there is none.

        Raises:
            StorageError: nothing of it is visible under its name.
        """
        path = self._path(name)
        with self._told(f"write {name}", absent_too=True):
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            if isinstance(self._files, LocalFileSystem):
                with replacing(path) as file:
                    file.write(content)
            else:
                self._upload(path, content)

    def create(self, name: str, content: bytes) -> bool:
        """Put a file there unless there is one already; whether it was put there.

        Of several who try at once, one succeeds: on a disk, and on object stores that know conditional writes (S3,
        Google Cloud Storage, Azure).

        Raises:
            StorageError: it could not be found out.
        """
        path = self._path(name)
        with self._told(f"create {name}", absent_too=True):
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            try:
                if isinstance(self._files, LocalFileSystem):
                    create(path, content)
                else:
                    self._files.pipe_file(path, content, mode="create")
            except FileExistsError:
                return False
            return True

    def remove(self, name: str) -> None:
        """Delete a file or a folder with all in it; nothing happens where there is none."""
        with self._told(f"remove {name}"), suppress(FileNotFoundError):
            self._files.rm(self._path(name), recursive=True)

    def exists(self, name: str) -> bool:
        """Whether the file can be read."""
        try:
            self.read(name)
        except FileNotFoundError:
            return False
        return True

    def names(self, folder: str = "") -> list[str]:
        """Last parts of the names of what lies in the folder, sorted; empty where it is not there."""
        with self._told(f"list {folder or 'it'}"):
            self._forget_listings()
            try:
                found = self._files.ls(self._path(folder), detail=False)
            except FileNotFoundError:
                return []
            return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

    def _upload(self, path: str, content: bytes) -> None:
        try:
            self._files.pipe_file(path, content)
        except Exception:
            with suppress(Exception):  # the first error is the one to tell
                self._files.rm_file(path)
            raise

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/")

    def _forget_listings(self) -> None:
        self._files.invalidate_cache(self._root)  # another process publishes

    @contextmanager
    def _told(self, doing: str, absent_too: bool = False) -> Iterator[None]:
        try:
            yield
        except Exception as fault:  # stores of all kinds bring their own errors, not all of them OSError
            if isinstance(fault, FileNotFoundError) and not absent_too:
                raise
            said = str(fault).partition("\n\n")[0]  # below it obstore tells the nesting of its errors
            raise self._fault(
                f"{self._what} {self.address}: cannot {doing}: {said}{_advice(fault)}"
            ) from fault


def _advice(fault: Exception) -> str:
    number = getattr(fault, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "; free some space there, or keep less"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "; let this user read and write there, or name another address"
    return ""
