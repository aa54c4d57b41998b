"""Keeps out of a process what libraries take in at their import and it never uses: memory that is worth the trouble.

For the trainer's process alone, before its first import of River or PyArrow; 90 MB resident.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

_ABSENT: Final = frozenset({
    "sklearn", "pandas", "pyarrow._s3fs", "pyarrow._gcsfs", "pyarrow._azurefs", "pyarrow._hdfs",
})  # fmt: skip
"""River and PyArrow adapt to them wherever they are installed; the ledger is in local files."""
_LATER: Final = ("scipy.stats", "scipy.integrate")
"""River binds names of them for estimators and metrics that training has no use for."""


class _Finder(PathFinder):
    """Finds everything but what is to be absent, which is then as if it were not installed."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return None if fullname in _ABSENT else super().find_spec(fullname, path, target)


class _Bound:
    """A name of a module, looked up when it is used."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(_real(self._module), self._name), attribute)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return getattr(_real(self._module), self._name)(*arguments, **named)


class _Later(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Bound(self.__name__, name)


def begin_lean() -> None:
    """From now on, imports of this process leave those packages out; what is imported already stays."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # it gives back what is free
    if PathFinder in sys.meta_path:
        sys.meta_path[sys.meta_path.index(PathFinder)] = _Finder
    for name in _LATER:
        sys.modules.setdefault(name, _Later(name))


def _real(name: str) -> ModuleType:
    for other in _LATER:  # all of them: they take in each other
        if isinstance(sys.modules.get(other), _Later):
            del sys.modules[other]
    return importlib.import_module(name)
