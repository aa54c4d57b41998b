"""Compilation of the loops of this folder."""

from pathlib import Path

from domain.compiled import compiler

compiled = compiler(Path(__file__).parent)
