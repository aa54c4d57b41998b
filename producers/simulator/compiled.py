"""Compilation of the simulator's loops, cached between processes for exactly these sources.

Numba's own cache overlooks a change in a called function of another file, and an old hazard would go on unnoticed;
hence a folder for each state of this package.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

Record = Any
"""One element of a structured array; compiled code gets it by reference."""


def _cache_folder() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return str(base / "ebbwatch" / "numba" / f"simulator-{digest.hexdigest()[:16]}")


_FOLDER: Final = _cache_folder()


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop at its first call, with its types kept for the type checker."""
    config: Any = numba.config
    others = config.CACHE_DIR
    config.CACHE_DIR = _FOLDER  # read by `njit` right now; other packages keep their own
    try:
        return cast("Callable[P, R]", numba.njit(cache=True, error_model="numpy")(function))
    finally:
        config.CACHE_DIR = others
