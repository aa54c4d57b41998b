"""Which contestants a file of many customers can afford: results come within minutes, or nobody waits for them."""

from collections.abc import Sequence
from typing import Final

SLOW: Final = frozenset({"forest"})
"""A snapshot costs the forest of Mondrian trees more than all other contestants together: 0.26 of 0.39 ms, by
cProfile over 290,000 snapshots of a file as `python -m benchmarks.file_explorer` makes it."""
MANY: Final = 30_000
"""Customers, of whom each has a snapshot a week."""


def affordable(contestants: Sequence[str], customers: int) -> tuple[str, ...]:
    """Those that take part where nobody has named any: of many customers, without the slow ones."""
    if customers <= MANY:
        return tuple(contestants)
    return tuple(name for name in contestants if name not in SLOW) or tuple(contestants)
