"""What every board has to keep to, whatever it shows."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dashboards import metrics
from dashboards.boards import ALL
from dashboards.committed import FOLDER, boards, text
from dashboards.panels.board import COLUMNS

ROOT = Path(__file__).parents[2]
BOARDS = {board["uid"]: board for board in boards()}
PANELS = [
    (uid, panel) for uid, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"
]
EACH_PANEL = pytest.mark.parametrize(
    ("uid", "panel"), PANELS, ids=[f"{uid}-{panel['id']}" for uid, panel in PANELS]
)
NAMES = {value for name, value in vars(metrics).items() if name.isupper() and isinstance(value, str)}


def test_what_is_committed_is_what_the_code_makes() -> None:
    made = {f"{board.uid}.json": text(board.document()) for board in ALL}

    assert {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.json")} == made, (
        "write them anew: python -m dashboards"
    )


def test_there_are_the_boards_that_people_look_for() -> None:
    assert [board.title for board in ALL] == [
        "Ebbwatch: executive overview", "Ebbwatch: risk now", "Ebbwatch: retention and survival",
        "Ebbwatch: engagement and features", "Ebbwatch: model", "Ebbwatch: operations",
    ]  # fmt: skip


@EACH_PANEL
class TestPanel:
    def test_has_a_unit_a_source_and_the_version_that_has_drawn_it(
        self, uid: str, panel: dict[str, Any]
    ) -> None:
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${ds}"}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        assert panel["pluginVersion"]

    def test_says_how_to_read_it_and_what_to_do(self, uid: str, panel: dict[str, Any]) -> None:
        read, _, act = panel["description"].partition("**What to do:**")

        assert len(read) > 30
        assert len(act) > 20

    def test_leads_to_a_page_or_to_its_data(self, uid: str, panel: dict[str, Any]) -> None:
        (link,) = panel["links"]
        path = link["url"].removeprefix("${api}")

        assert link["url"] != path, "a link without the API's address"
        if path.startswith("/runbooks/"):
            assert (ROOT / "docs" / f"{path.strip('/')}.md").exists()
        else:
            assert path.startswith(("/v1/", "/readyz"))

    def test_a_table_is_made_of_the_newest_values(self, uid: str, panel: dict[str, Any]) -> None:
        matrix = any(step["id"] == "groupingToMatrix" for step in panel.get("transformations", ()))
        for target in panel["targets"]:
            if target["format"] == "table" or matrix:
                assert (target["format"], target["instant"], target.get("range", False)) == (
                    "table",
                    True,
                    False,
                )
        if matrix:
            assert len(panel["targets"]) == 1, "a matrix takes one frame"

    def test_colours_are_names_that_fit_dark_and_light(self, uid: str, panel: dict[str, Any]) -> None:
        coloured = re.findall(r'"(?:color|fixedColor)": "([^"]*)"', json.dumps(panel["fieldConfig"]))

        assert all(re.fullmatch(r"[a-z-]+", colour) for colour in coloured), coloured

    def test_asks_for_metrics_by_the_names_in_one_place(self, uid: str, panel: dict[str, Any]) -> None:
        for target in panel["targets"]:
            for name in re.findall(r"\b(?:ebbwatch|process)_\w+", target["expr"]):
                assert re.sub(r"_(bucket|sum|count)$", "", name) in NAMES or name in NAMES, name


@pytest.mark.parametrize("uid", BOARDS)
class TestBoard:
    def test_panels_do_not_overlap_and_stay_within_the_columns(self, uid: str) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in BOARDS[uid]["panels"]:
            at = panel["gridPos"]
            cells = {
                (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
            }
            assert not cells & taken, panel["title"]
            assert at["x"] + at["w"] <= COLUMNS
            taken |= cells

    def test_every_variable_is_used(self, uid: str) -> None:
        board = BOARDS[uid]
        for variable in board["templating"]["list"]:
            others = json.dumps(board["panels"])
            assert re.search(rf"\$\{{?{variable['name']}\b", others), f"{uid} does not use {variable['name']}"

    def test_ids_and_titles_are_their_own(self, uid: str) -> None:
        panels = BOARDS[uid]["panels"]

        assert len({panel["id"] for panel in panels}) == len(panels)
        titles = [panel["title"] for panel in panels if panel["type"] != "row"]
        assert len(set(titles)) == len(titles)
