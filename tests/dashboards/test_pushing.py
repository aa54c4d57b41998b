from pathlib import Path
from typing import Any

import pytest

from dashboards.committed import boards
from dashboards.grafana_server import Document
from dashboards.pushing import at, compared, exported, pushed


class Kept:
    """A server in memory, which numbers what it is given."""

    def __init__(self) -> None:
        self.kept: dict[str, Document] = {}
        self.sources: list[str] = []
        self.pushes = 0

    def version(self) -> str:
        return "11.6.2"

    def make_folder(self, title: str) -> bool:
        return True

    def make_source(self, prometheus: str) -> bool:
        self.sources.append(prometheus)
        return True

    def board(self, uid: str) -> Document | None:
        return self.kept.get(uid)

    def boards(self, tag: str) -> list[Document]:
        return [board for board in self.kept.values() if tag in board["tags"]]

    def push(self, board: Document, message: str) -> None:
        self.pushes += 1
        self.kept[board["uid"]] = {name: value for name, value in board.items() if name != "id"}


@pytest.fixture
def server() -> Kept:
    return Kept()


class TestPushed:
    def test_what_is_the_same_is_not_sent_again(self, server: Kept) -> None:
        first = pushed(server, boards(), "http://prometheus:9090")
        second = pushed(server, boards(), None)

        assert {each.state for each in first} == {"new"}
        assert {each.state for each in second} == {"same"}
        assert server.pushes == len(boards())
        assert server.sources == ["http://prometheus:9090"]

    def test_what_people_have_changed_is_put_back(self, server: Kept) -> None:
        pushed(server, boards(), None)
        server.kept["ebbwatch-risk"] = server.kept["ebbwatch-risk"] | {"title": "Mine"}

        states = {each.board["uid"]: each.state for each in pushed(server, boards(), None)}

        assert states["ebbwatch-risk"] == "changed"
        assert sum(state == "same" for state in states.values()) == len(boards()) - 1
        assert server.kept["ebbwatch-risk"]["title"] == "Ebbwatch: risk now"


def test_links_lead_to_the_api_that_is_named(server: Kept) -> None:
    def api(board: dict[str, Any]) -> list[str]:
        return [each["query"] for each in board["templating"]["list"] if each["name"] == "api"]

    moved = at(boards(), "https://churn.example.com")

    assert all(api(board) == ["https://churn.example.com"] for board in moved)
    assert api(boards()[0]) != ["https://churn.example.com"]
    assert {each.state for each in compared(server, moved)} == {"new"}


def test_what_is_exported_can_be_pushed(server: Kept, tmp_path: Path) -> None:
    pushed(server, boards(), None)

    files = exported(server, tmp_path / "out")

    assert [file.stem for file in files] == [board["uid"] for board in boards()]
