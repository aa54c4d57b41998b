"""Compilation of these loops, for exactly these sources; no ``fastmath``: a row has the same bits in any batch."""

from pathlib import Path

from domain.compiled import compiler

compiled = compiler(Path(__file__).parent, error_model="numpy")
