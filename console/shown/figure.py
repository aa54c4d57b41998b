"""One figure with its name, as tiles show it."""

from typing import NamedTuple


class Figure(NamedTuple):
    """A tile."""

    label: str
    value: str
    beside: str
    """What to compare it with."""
