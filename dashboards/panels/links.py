"""Where panels lead: pages that say what to do, which the API serves, and the API's data."""

from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders.dashboard import DashboardLink

RUNBOOKS: Final = Path(__file__).parents[2] / "docs" / "runbooks"
API: Final = "${api}"


def link(more: str) -> DashboardLink:
    """A panel's link.

    Args:
        more: name of a page of the runbooks, or a path of the API with its slash.

    Raises:
        FileNotFoundError: there is no such page.
    """
    if more.startswith("/"):
        return DashboardLink("Its data from the API").url(API + more).target_blank(True)
    with (RUNBOOKS / f"{more}.md").open(encoding="utf-8") as page:
        title = page.readline().removeprefix("# ").strip()
    return DashboardLink(f"Runbook: {title}").url(f"{API}/runbooks/{more}").target_blank(True)
