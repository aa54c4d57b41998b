"""The table of what is recommended: kept with the workspace, gone with it, in use at the next reading."""

import csv
import shutil
from pathlib import Path
from typing import Final

import pytest

from advisor.exports.names import CHARTS
from advisor.workspaces.folders import CONTACTS, EVENTS, RESULTS
from api.problems import ProblemError
from api.workspaces.customers import Wanted
from api.workspaces.desk import Desk
from domain.actions import DEFAULT
from domain.control import ApiKey

KEY: Final = ApiKey(id="k", name="k", digest="", scopes=("workspaces",), created=1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(str(tmp_path / "workspaces"), 30)


def opened(desk: Desk) -> str:
    sent = desk.begin()
    sent.write_text("a,b\n")
    return desk.opened(KEY, "shop.csv", sent).id


def test_edits_replace_rows_of_the_table(desk: Desk) -> None:
    id_ = opened(desk)
    assert desk.actions(KEY, id_) == DEFAULT
    edited = desk.edit_actions(KEY, id_, {"silence": {"high": "Call."}})
    assert edited == desk.actions(KEY, id_)
    assert edited["silence"] == {**DEFAULT["silence"], "high": "Call."}
    assert {theme: row for theme, row in edited.items() if theme != "silence"} == {
        theme: row for theme, row in DEFAULT.items() if theme != "silence"
    }
    assert desk.edit_actions(KEY, id_, {"season": {"medium": "Wait."}})["silence"] == DEFAULT["silence"]
    assert desk.actions(KEY, id_)["season"] == {"medium": "Wait."}
    assert desk.edit_actions(KEY, id_, {}) == DEFAULT


def test_whose_it_is_not_sees_none_of_it(desk: Desk) -> None:
    id_ = opened(desk)
    other = ApiKey(id="o", name="o", digest="", scopes=("workspaces",), created=1)
    for call in (
        lambda: desk.actions(other, id_),
        lambda: desk.edit_actions(other, id_, {}),
        lambda: desk.held(other, id_),
        lambda: desk.customer(other, id_, "c001"),
    ):
        with pytest.raises(ProblemError) as fault:
            call()
        assert fault.value.status == 404
    with pytest.raises(ProblemError) as fault:
        desk.customer(KEY, id_, "c001")
    assert fault.value.status == 409


def test_lists_and_customers_have_the_edited_text_without_a_training(desk: Desk, workspace: Path) -> None:
    id_ = opened(desk)
    folder = desk.workspaces.folder(id_)
    shutil.copytree(workspace / RESULTS, folder / RESULTS)
    for name in (EVENTS, CONTACTS):
        shutil.copy(workspace / name, folder)
    mine = {theme: {"high": f"{theme} high", "medium": f"{theme} medium"} for theme in DEFAULT}
    before = {row["user"]: row["action"] for row in listed(desk, id_)}
    desk.edit_actions(KEY, id_, mine)
    after = listed(desk, id_)
    assert {row["user"] for row in after} == before.keys()
    for row in after:
        assert row["action"] != before[row["user"]]
        assert row["action"].endswith(row["tier"])
        assert desk.customer(KEY, id_, row["user"]).action == row["action"]
    shown = desk.customers(KEY, id_, Wanted("high", None, ""), "value", 0, 5).items
    assert [item.action for item in shown] == [desk.customer(KEY, id_, item.user).action for item in shown]


def listed(desk: Desk, id_: str) -> list[dict[str, str]]:
    return list(csv.DictReader(desk.lists(KEY, id_, whom=True).decode().splitlines()))


def test_charts_are_those_that_were_drawn_and_names_lead_nowhere(desk: Desk) -> None:
    id_ = opened(desk)
    folder = desk.workspaces.folder(id_)
    assert desk.charts(KEY, id_) == []
    for place, name in ((folder, "threshold"), (folder / RESULTS, "months")):
        (place / CHARTS).mkdir(parents=True)
        for form in ("svg", "png"):
            (place / CHARTS / f"{name}.{form}").write_bytes(f"{name} {form}".encode())
    assert desk.charts(KEY, id_) == ["threshold", "months"]
    assert desk.chart(KEY, id_, "months", "png") == b"months png"
    assert desk.chart(KEY, id_, "threshold", "svg") == b"threshold svg"
    (folder / CHARTS / "secret.svg").touch()
    for name, status in (("reasons", 409), ("secret", 404), ("../../upload", 404), ("", 404)):
        with pytest.raises(ProblemError) as fault:
            desk.chart(KEY, id_, name, "svg")
        assert fault.value.status == status
