"""Boards into a Grafana, and out of it; doing it again changes nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from dashboards.committed import TAG, text
from dashboards.grafana_server import Document, plain

State = Literal["new", "changed", "same"]

FOLDER_TITLE = "Ebbwatch"


class Server(Protocol):
    """What is asked of a Grafana; see `dashboards.grafana_server.Grafana`."""

    def version(self) -> str: ...
    def make_folder(self, title: str) -> bool: ...
    def make_source(self, prometheus: str) -> bool: ...
    def board(self, uid: str) -> Document | None: ...
    def boards(self, tag: str) -> list[Document]: ...
    def push(self, board: Document, message: str) -> None: ...


class Compared(NamedTuple):
    """One board beside the one in Grafana."""

    board: Document
    state: State
    """`new`: there is none there."""


def at(boards: Iterable[Document], api: str) -> list[Document]:
    """Boards whose links lead to that API."""
    made = []
    for board in boards:
        variables = [
            each | {"query": api, "current": {"text": api, "value": api}} if each["name"] == "api" else each
            for each in board["templating"]["list"]
        ]
        made.append(board | {"templating": board["templating"] | {"list": variables}})
    return made


def compared(server: Server, boards: Iterable[Document]) -> list[Compared]:
    """How each stands there.

    Raises:
        GrafanaError: of `server`.
    """
    found = []
    for board in boards:
        there = server.board(board["uid"])
        state: State = "new" if there is None else "same" if there == plain(board) else "changed"
        found.append(Compared(board, state))
    return found


def pushed(server: Server, boards: Iterable[Document], prometheus: str | None) -> list[Compared]:
    """Make folder and data source, and put boards there that are not the same.

    Args:
        prometheus: as Grafana reaches it; None leaves the data sources alone.

    Raises:
        GrafanaError: of `server`.
    """
    server.version()
    server.make_folder(FOLDER_TITLE)
    if prometheus is not None:
        server.make_source(prometheus)
    found = compared(server, boards)
    for board, state in found:
        if state != "same":
            server.push(board, "ebbwatch dashboards push")
    return found


def exported(server: Server, folder: Path) -> list[Path]:
    """Write the boards that are in Grafana as files.

    Raises:
        GrafanaError: of `server`.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for board in server.boards(TAG):
        files.append(folder / f"{board['uid']}.json")
        files[-1].write_text(text(board), "utf-8")
    return files
