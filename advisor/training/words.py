"""Labels of a file's events, by the codes that features have for them."""

from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from domain.columns import code_of

_NAMED: Final = ("platform", "plan", "channel", "geography", "category")
"""Labels of events whose codes are values of features."""


def words(events: Path) -> dict[int, str]:
    """All of them.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
    """
    table = pq.read_table(events, columns=list(_NAMED))
    found = {word for name in _NAMED for word in table[name].unique().to_pylist() if word is not None}
    return {code_of(word): word for word in sorted(found)}
