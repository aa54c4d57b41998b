"""Compilation of the learners' loops, for exactly these sources.

No ``fastmath`` and no parallel loops: sums have one order, so a batch gives the same bits as its rows one by one.
"""

from pathlib import Path

from domain.compiled import compiler

compiled = compiler(Path(__file__).parent, error_model="numpy")
