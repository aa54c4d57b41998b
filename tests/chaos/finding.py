"""What a trial finds."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that had to hold, and whether it did."""

    what: str
    holds: bool
    detail: str
