"""Compilation of the hot loops, cached between processes.

Numba's cache looks at the file of the compiled function only: a change in a function that it calls, in
another file, would go unnoticed, and an old fold would write new facts. Hence a cache folder for each state of
the sources.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import numba
from numba import njit

_SOURCES = Path(__file__).parent


def _cache_folder() -> Path:
    digest = hashlib.sha256(f"{numba.__version__}".encode())
    for source in sorted(_SOURCES.glob("*.py")):
        digest.update(source.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "ebbwatch" / "numba" / digest.hexdigest()[:16]


numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]


def compiled(function: Any) -> Any:
    """Compile a loop at its first call; with ``NUMBA_DISABLE_JIT=1`` it runs as Python."""
    return njit(cache=True)(function)
