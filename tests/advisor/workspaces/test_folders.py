"""Folders of workspaces: whole or not there, changed by one at a time, gone when they are to go."""

import threading
from pathlib import Path

import msgspec
import pytest

from advisor.workspaces.folders import UPLOAD, UnknownWorkspaceError, Workspaces, shown_name
from advisor.workspaces.workspace import Progress, Workspace

ID = "abcdefghijklmnopqrstuvwx27"


def put(workspaces: Workspaces, tmp_path: Path, id_: str = ID, expires: int = 100) -> Workspace:
    made = Workspace(id=id_, name="file", owner="key", created_ms=1, expires_ms=expires, size=4)
    (tmp_path / "sent").write_bytes(b"rows")
    workspaces.create(made, tmp_path / "sent")
    return made


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "workspaces")


def test_what_was_put_there_is_read(workspaces: Workspaces, tmp_path: Path) -> None:
    assert workspaces.ids() == []
    made = put(workspaces, tmp_path)
    assert workspaces.read(ID) == made
    assert (workspaces.folder(ID) / UPLOAD).read_bytes() == b"rows"
    assert workspaces.ids() == [ID]
    assert workspaces.progress(ID) is None
    told = Progress(stage="reading", share=0.5, began_ms=1, at_ms=2)
    workspaces.tell(ID, told)
    assert workspaces.progress(ID) == told
    workspaces.done(ID)
    assert workspaces.progress(ID) is None


@pytest.mark.parametrize(
    "id_", ["", ".", "..", "../x", "a/b", ID + "a", ID.upper(), "/etc", ID[:-1] + "\n", ".gone-" + ID]
)
def test_ids_lead_nowhere_else(id_: str, workspaces: Workspaces, tmp_path: Path) -> None:
    put(workspaces, tmp_path)
    for call in (workspaces.folder, workspaces.read, workspaces.delete):
        with pytest.raises(UnknownWorkspaceError):
            call(id_)
    assert workspaces.ids() == [ID]


def test_one_at_a_time_changes_it(workspaces: Workspaces, tmp_path: Path) -> None:
    put(workspaces, tmp_path)

    def more() -> None:
        for _ in range(20):
            workspaces.change(ID, lambda w: msgspec.structs.replace(w, size=w.size + 1))

    threads = [threading.Thread(target=more) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert workspaces.read(ID).size == 84


def test_a_change_that_fails_leaves_it(workspaces: Workspaces, tmp_path: Path) -> None:
    made = put(workspaces, tmp_path)

    def fails(_: Workspace) -> Workspace:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        workspaces.change(ID, fails)
    assert workspaces.read(ID) == made


def test_what_expires_goes_and_what_was_left_half_made(workspaces: Workspaces, tmp_path: Path) -> None:
    put(workspaces, tmp_path, expires=100)
    put(workspaces, tmp_path, "b" * 26, expires=200)
    (workspaces.root / ".gone-x").mkdir()
    assert workspaces.sweep(99) == []
    assert not (workspaces.root / ".gone-x").exists()
    assert workspaces.sweep(100) == [ID]
    assert workspaces.ids() == ["b" * 26]
    workspaces.delete("b" * 26)
    (workspaces.root / ("b" * 26) / "paused").mkdir(parents=True)  # by work that has not noticed
    assert workspaces.sweep(100) == []
    assert list(workspaces.root.iterdir()) == []
    with pytest.raises(UnknownWorkspaceError):
        workspaces.tell("b" * 26, Progress(stage="", share=0, began_ms=0, at_ms=0))


def test_a_folder_that_cannot_be_made_leaves_nothing(workspaces: Workspaces, tmp_path: Path) -> None:
    made = Workspace(id=ID, name="file", owner="key", created_ms=1, expires_ms=1, size=4)
    with pytest.raises(FileNotFoundError):
        workspaces.create(made, tmp_path / "absent")
    assert list(workspaces.root.iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\sales.csv", "sales.csv"),
        ("sales\x1b[31m.csv", "sales[31m.csv"),
        ("", "file"),
        ("x" * 400, "x" * 120),
    ],
)
def test_names_are_shown_and_no_more(sent: str, shown: str) -> None:
    assert shown_name(sent) == shown
