"""The table of recommended actions."""

from collections.abc import Mapping
from typing import Final

TIERS: Final = ("high", "medium")
_ANY: Final = "any"

Table = Mapping[str, Mapping[str, str]]
"""By theme and tier."""


def themes(table: Table) -> list[str]:
    """In the order of the alphabet; the row for all others last."""
    return sorted(table, key=lambda theme: (theme == _ANY, theme))


def cell(table: Table, theme: str, tier: str) -> str:
    """What is recommended: where a row says nothing, the row for all others does."""
    return table[theme].get(tier) or table.get(_ANY, {}).get(tier, "")


def edited(table: Table, theme: str, tier: str, words: str) -> dict[str, dict[str, str]]:
    """The whole table with one cell changed: a call replaces all former edits. Without words it is as in `any`."""
    made = {name: {t: text for t, text in row.items() if text} for name, row in table.items()}
    if words.strip():
        made[theme][tier] = words.strip()
    else:
        made[theme].pop(tier, None)
    return made
