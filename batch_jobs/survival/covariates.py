"""What users may be grouped and compared by: what was known when the comparison begins, and nothing of later.

Whoever stays longer has more time to buy, to change plan, to be put into a segment. Grouping by such things
compares the survivors with the others, and finds that surviving helps to survive (immortal time: Suissa 2008, Am.
J. Epidemiol. 167; Anderson, Cain & Gelber 1983, J. Clin. Oncol. 1).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from batch_jobs.job import JobError
from batch_jobs.star.schema import DIMENSIONS, USERS


class Bands(NamedTuple):
    """Counts by the day of the landmark, in bands."""

    floors: tuple[int, ...]
    """Least value of each band, rising from 0."""

    @property
    def labels(self) -> tuple[str, ...]:
        """One a band: `0`, `2-3`, `8+`."""
        ends = (*(floor - 1 for floor in self.floors[1:]), None)
        return tuple(_label(floor, end) for floor, end in zip(self.floors, ends, strict=True))


LANDMARK: Final = {
    "sessions": Bands((0, 1, 2, 4, 8)),
    "active_days": Bands((0, 1, 2, 4, 8)),
    "orders": Bands((0, 1, 2)),
}
"""Known at a landmark day, from the days up to it."""


def check_groups(names: Iterable[str]) -> None:
    """Refuse what was not known at the origin.

    Raises:
        JobError: says of the first such name why, and what to do.
    """
    for name in names:
        if name not in DIMENSIONS:
            raise JobError(_why(name, "at a user's origin", DIMENSIONS))


def check_landmark(names: Iterable[str]) -> None:
    """Refuse what is not known at a landmark day.

    Raises:
        JobError: says of the first such name why, and what to do.
    """
    for name in names:
        if name not in LANDMARK:
            raise JobError(_why(name, "at a landmark day", tuple(LANDMARK)))


def _why(name: str, when: str, known: tuple[str, ...]) -> str:
    allowed = f"Known {when}: {', '.join(known)}."
    if "segment" in name:
        return (
            f"survival by `{name}` is refused: a segment is made of all behaviour up to the as-of, so it knows who "
            f"stayed. {allowed}"
        )
    if name in LANDMARK:
        return (
            f"survival by `{name}` of a whole life is refused: whoever stays longer has more of it. It can be had "
            f"at a landmark day, counted up to that day. {allowed}"
        )
    if name in USERS.names:
        return (
            f"survival by `{name}` is refused: the column is as of the as-of, and what came later than the start of "
            f"the comparison depends on how long the user stayed. {allowed}"
        )
    return f"survival by `{name}`: there is no such covariate. {allowed}"


def _label(floor: int, end: int | None) -> str:
    if end is None:
        return f"{floor}+"
    return str(floor) if end == floor else f"{floor}-{end}"
