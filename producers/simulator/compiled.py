"""Compilation of the simulator's loops, for exactly these sources."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from domain.compiled import compiler

P = ParamSpec("P")
R = TypeVar("R")

Record = Any
"""One element of a structured array; compiled code gets it by reference."""

_compiled = compiler(Path(__file__).parent, error_model="numpy")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop at its first call, with its types kept for the type checker."""
    return cast("Callable[P, R]", _compiled(function))
