"""A board: rows of panels that fill 24 columns, variables, and the way to the other boards."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, Row
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
    Panel,
)

from dashboards.committed import TAG
from dashboards.panels.built import Ready
from dashboards.panels.variables import Variable

COLUMNS: Final = 24
SCHEMA: Final = 41


class Section(NamedTuple):
    """Panels under one heading."""

    title: str
    rows: Sequence[Sequence[Panel]]
    """Each row fills the board's width; its panels are equally high."""


class Board(NamedTuple):
    """All that makes one board."""

    uid: str
    title: str
    description: str
    variables: Sequence[Variable]
    sections: Sequence[Section]
    annotations: Sequence[Builder[AnnotationQuery]] = ()
    since: str = "now-6h"
    refresh: str = "1m"

    def document(self) -> dict[str, Any]:
        """As Grafana reads it.

        Raises:
            ValueError: a row does not fill the width, or its panels are not equally high.
        """
        made = (
            Dashboard(self.title)
            .uid(self.uid)
            .description(self.description)
            .tags([TAG])
            .timezone("utc")
            .readonly()
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .time(self.since, "now")
            .refresh(self.refresh)
            .link(
                DashboardLink("Ebbwatch")
                .type(DashboardLinkType.DASHBOARDS)
                .tags([TAG])
                .as_dropdown(False)
                .keep_time(True)
                .include_vars(True)
            )
            .variables(list(self.variables))
            .annotations(list(self.annotations))
        )
        number, y = 0, 0
        for section in self.sections:
            number += 1
            heading = Row(section.title).id(number).grid_pos(GridPos(x=0, y=y, w=COLUMNS, h=1))
            made.with_row(heading)
            y += 1
            for row in section.rows:
                height = _checked(self.uid, row)
                x = 0
                for panel in row:
                    assert panel.grid_pos is not None
                    number += 1
                    panel.id_val = number
                    panel.grid_pos = GridPos(x=x, y=y, w=panel.grid_pos.w, h=height)
                    made.with_panel(Ready(panel))
                    x += panel.grid_pos.w
                y += height
        document: dict[str, Any] = json.loads(JSONEncoder().encode(made.build()))
        return document | {"schemaVersion": SCHEMA, "id": None}


def _checked(board: str, row: Sequence[Panel]) -> int:
    sizes = [(panel.grid_pos.w, panel.grid_pos.h) for panel in row if panel.grid_pos is not None]
    heights = {height for _, height in sizes}
    if sum(width for width, _ in sizes) != COLUMNS or len(heights) != 1:
        raise ValueError(f"{board}: a row of {[panel.title for panel in row]} has sizes {sizes}")
    return heights.pop()
