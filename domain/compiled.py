"""Compilation of hot loops, cached between processes.

Numba's cache looks at the file of the compiled function only: a change in a function that it calls, in
another file, would go unnoticed, and an old fold would write new facts. Hence a cache folder for each state of
the sources.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba


def compiler(sources: Path, **options: Any) -> Callable[[Any], Any]:
    """A decorator that compiles a loop at its first call; with ``NUMBA_DISABLE_JIT=1`` it runs as Python.

    Args:
        sources: folder of the modules whose change makes cached code void.
        options: for `numba.njit`.
    """
    folder = str(_cache_folder(sources))
    config: Any = numba.config

    def compiled(function: Any) -> Any:
        others = config.CACHE_DIR
        config.CACHE_DIR = folder  # read by `njit` right now; others keep their own
        try:
            return numba.njit(cache=True, **options)(function)
        finally:
            config.CACHE_DIR = others

    return compiled


def _cache_folder(sources: Path) -> Path:
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(sources.glob("*.py")):
        digest.update(source.read_bytes())
    name = f"{sources.name}-{digest.hexdigest()[:16]}"
    try:
        folder = (
            Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ebbwatch" / "numba" / name
        )
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, or none to write to
        folder = Path(tempfile.gettempdir()) / f"ebbwatch-numba-{os.getuid()}" / name
    return folder


compiled = compiler(Path(__file__).parent)
"""For `domain` and what calls it."""
