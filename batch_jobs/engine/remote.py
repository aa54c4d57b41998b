"""Files of one version of a table in an object store, for DuckDB to read.

Its own way to object stores is an extension that is downloaded when it is first needed. Whoever has opened the table
reaches the store already, and such files are never written to again: what the version says of them is true.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from fsspec import AbstractFileSystem
from pyarrow import fs

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Of files that do not change, so that none looks changed."""


class RemoteFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """As much of an fsspec file system as DuckDB asks for; nothing of it can be written to."""

    cachable = False

    def __init__(self, url: str, sizes: Mapping[str, int], files: fs.FileSystem) -> None:
        """
        Args:
            url: of the table, ``s3://bucket/path``.
            sizes: bytes by path below it.
            files: of the store, with paths below the table.
        """
        super().__init__()
        self.protocol, _, self._root = url.partition("://")
        self._sizes = sizes
        self._files = files

    def glob(self, path: str, **_more: Any) -> list[str]:
        """The file of this name, if there is one: no name of a table's file is a pattern."""
        return [self._below(path)] if self._name(path) in self._sizes else []

    def info(self, path: str, **_more: Any) -> dict[str, Any]:
        """As fsspec has it.

        Raises:
            FileNotFoundError: the version has no such file.
        """
        name = self._name(path)
        if name not in self._sizes:
            raise FileNotFoundError(f"{self.protocol}://{self._below(path)} is none of the table's files")
        return {"name": self._below(path), "size": self._sizes[name], "type": "file"}

    def modified(self, path: str) -> datetime:  # noqa: ARG002 - as fsspec calls it
        """Never."""
        return _ANY_TIME

    def open(self, path: str, mode: str = "rb", **_more: Any) -> pa.NativeFile:
        """To read from anywhere in it.

        Raises:
            OSError: it is not there, the store does not answer, or it is to be written to.
        """
        if mode != "rb":
            raise PermissionError(f"{path} is only read here")
        return self._files.open_input_file(self._name(path))

    def _below(self, path: str) -> str:
        return path.removeprefix(f"{self.protocol}://")

    def _name(self, path: str) -> str:
        return self._below(path).removeprefix(f"{self._root}/")
