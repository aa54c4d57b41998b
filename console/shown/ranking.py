"""The explorer: what is asked for, and the rows of its grid."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from console.shown.words import ago, day, money, percent

PAGE: Final = 100
SORTS: Final = {"risk": "Highest risk", "value": "Most value at risk", "changed": "Seen last"}
TIERS: Final = {"": "All tiers", "high": "High", "medium": "Medium", "low": "Low"}


class Wish(NamedTuple):
    """Which customers, in which order."""

    sort: str = "risk"
    tier: str = ""
    segment: str = ""
    search: str = ""

    def parameters(self) -> dict[str, str | int | float | None]:
        """Of the API's ranking; what is not wished for is None."""
        chosen = {name: value or None for name, value in self._asdict().items()}
        return {**chosen, "limit": PAGE}


def wish_of(query: Mapping[str, str]) -> Wish:
    """From a page's address; what makes no sense there is left out."""
    sort, tier = query.get("sort", "risk"), query.get("tier", "")
    return Wish(sort if sort in SORTS else "risk", tier if tier in TIERS else "", query.get("segment", ""))


class Paged:
    """The way through a ranking: cursors of the pages that were seen."""

    def __init__(self) -> None:
        self._cursors: list[str | None] = [None]
        self._next: str | None = None

    @property
    def cursor(self) -> str | None:
        """Of the page that is shown; None of the first."""
        return self._cursors[-1]

    @property
    def first(self) -> bool:
        """Whether the first one is shown."""
        return len(self._cursors) == 1

    @property
    def last(self) -> bool:
        """Whether there is no further one."""
        return self._next is None

    def read(self, following: str | None) -> None:
        """The page that is shown was read.

        Args:
            following: cursor of the page behind it.
        """
        self._next = following

    def forth(self) -> None:
        """To the page behind it."""
        if self._next is not None:
            self._cursors.append(self._next)

    def back(self) -> None:
        """To the page before it."""
        if not self.first:
            self._cursors.pop()

    def told(self, rows: int, total: int) -> str:
        """Which rows are shown, of how many."""
        if not total:
            return "No customer fits."
        begin = (len(self._cursors) - 1) * PAGE
        return f"{begin + 1:,} to {begin + rows:,} of {total:,}"


COLUMNS: Final[tuple[dict[str, Any], ...]] = (
    {"field": "user", "headerName": "Customer", "minWidth": 150, "flex": 2},
    {"field": "risk", "headerName": "Risk", "type": "rightAligned", "minWidth": 90, "flex": 1},
    {
        "field": "tier", "headerName": "Tier", "minWidth": 90, "flex": 1,
        "cellClassRules": {"tier-high": "x === 'high'", "tier-medium": "x === 'medium'"},
    },
    {"field": "value", "headerName": "Value at risk", "type": "rightAligned", "minWidth": 120, "flex": 1},
    {"field": "seen", "headerName": "Last seen", "minWidth": 120, "flex": 1},
    {"field": "plan", "headerName": "Plan", "minWidth": 90, "flex": 1},
    {"field": "platform", "headerName": "Platform", "minWidth": 100, "flex": 1},
    {"field": "channel", "headerName": "Channel", "minWidth": 100, "flex": 1},
)  # fmt: skip
"""Of the grid; the first one holds a link."""


def rows(items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Of the grid, in their order.

    Args:
        items: of the API's ranking.
    """
    return [
        {
            "user": f'<a href="/customer?user={quote(item["user"], safe="")}">{escape(item["user"])}</a>',
            "risk": percent(item["score"]),
            "tier": item["tier"],
            "value": money(item["value_at_risk"]),
            "seen": f"{day(item['changed'])}, {ago(item['changed'], item['as_of'])}",
            "plan": item["plan"] or "",
            "platform": item["platform"] or "",
            "channel": item["channel"] or "",
        }
        for item in items
    ]
