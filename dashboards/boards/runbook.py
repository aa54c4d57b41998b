"""The runbook as a board, so that links of panels lead somewhere in every Grafana."""

from typing import Final

from grafana_foundation_sdk.builders import text
from grafana_foundation_sdk.models.dashboard import Panel
from grafana_foundation_sdk.models.text import TextMode

from dashboards.panels.board import Board, Section
from dashboards.panels.built import GRAFANA
from dashboards.panels.links import RUNBOOK_UID, sections

_HEIGHT: Final = 10


def _page(title: str, said: str) -> Panel:
    made = text.Panel().title(title).mode(TextMode.MARKDOWN).content(said).span(12).height(_HEIGHT)
    panel = made.build()
    panel.plugin_version = GRAFANA
    return panel


def _rows() -> list[list[Panel]]:
    pages = [_page(title, said) for title, (_, said) in sections().items()]
    if len(pages) % 2:
        pages.append(
            _page("Something else", "The pages under `docs/` of the project; `docs/operations.md` first.")
        )
    return [pages[at : at + 2] for at in range(0, len(pages), 2)]


BOARD: Final = Board(
    uid=RUNBOOK_UID,
    title="Ebbwatch: runbook",
    description="What panels and alarms lead to: what it means, and what to do.",
    variables=(),
    sections=(Section("", _rows()),),
    refresh="",
)
