"""Names of columns as a table can bear them."""

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 100


def unique(names: Iterable[object]) -> list[str]:
    """Without blanks around them, each once; a column without a name gets that of its place."""
    found: list[str] = []
    taken: set[str] = {ROW}
    for place, given in enumerate(names, start=1):
        plain = " ".join(str(given if given is not None else "").replace("\x00", "").split())[:_LONGEST]
        base = name = plain or f"column {place}"
        count = 1
        while name.casefold() in taken:
            count += 1
            name = f"{base} ({count})"
        taken.add(name.casefold())
        found.append(name)
    return found


ROW: Final = "_row"
"""The number of the row within the file, from 1, header apart."""
