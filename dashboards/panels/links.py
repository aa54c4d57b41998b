"""Where panels lead: the runbook, which is a board beside them, and the API."""

from functools import cache
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders.dashboard import DashboardLink

RUNBOOK: Final = Path(__file__).parents[1] / "runbook.md"
RUNBOOK_UID: Final = "ebbwatch-runbook"
API: Final = "${api}"


def link(more: str) -> DashboardLink:
    """A panel's link.

    Args:
        more: title of a section of the runbook, or a path of the API with its slash.

    Raises:
        KeyError: the runbook has no such section.
    """
    if more.startswith("/"):
        return DashboardLink("Its data from the API").url(API + more).target_blank(True)
    number = sections()[more][0]
    return DashboardLink(f"Runbook: {more}").url(f"/d/{RUNBOOK_UID}?viewPanel={number}").target_blank(True)


@cache
def sections() -> dict[str, tuple[int, str]]:
    """Sections of the runbook by title: number, which is the id of its panel, and text in Markdown."""
    _, *parts = RUNBOOK.read_text("utf-8").split("\n## ")
    found = (part.partition("\n") for part in parts)
    return {title: (number, text.strip()) for number, (title, _, text) in enumerate(found, 1)}
