"""Who waits, and for how long; who has gone, and by whom."""

from pathlib import Path

from advisor.workspaces.folders import Workspaces
from advisor.workspaces.survey import Seen, deleted, look, queued, surveyed
from advisor.workspaces.workspace import STATES, Workspace


def test_the_one_that_waits_longest_is_none_that_is_worked_on() -> None:
    seen = [
        Seen("a", "training", 100), Seen("b", "uploaded", 300), Seen("c", "mapping", 200), Seen("d", "trained", 1),
    ]  # fmt: skip
    found = surveyed(seen, {"a"})
    assert (found.waiting, found.since_ms) == (2, 200)
    assert {state: number for state, number in found.states.items() if number} == {
        "training": 1, "uploaded": 1, "mapping": 1, "trained": 1,
    }  # fmt: skip
    assert set(found.states) == set(STATES)
    assert found.ids == frozenset("abcd")


def test_who_waits_longest_is_first() -> None:
    seen = [
        Seen("c", "uploaded", 3),
        Seen("b", "training", 2),
        Seen("a", "mapping", 2),
        Seen("d", "training", 1),
    ]
    assert [one.id for one in queued(seen, {"d"})] == ["a", "b", "c"]


def test_nobody_waits() -> None:
    found = surveyed([], set())
    assert (found.waiting, found.since_ms, set(found.states.values())) == (0, None, {0})


def test_what_expired_was_deleted_by_nobody() -> None:
    assert deleted(frozenset("abc"), frozenset("cd"), ["a"]) == 1
    assert deleted(frozenset(), frozenset("cd"), ["a"]) == 0, "it came and went between two looks"


def test_a_look_at_folders(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path / "workspaces")
    assert (look(workspaces), workspaces.size()) == ([], 0)
    (tmp_path / "sent").write_bytes(b"rows")
    id_ = "a" * 26
    made = Workspace(id=id_, name="file", owner="key", created_ms=1, expires_ms=9, size=4)
    workspaces.create(made, tmp_path / "sent")
    (workspaces.root / ("b" * 26)).mkdir()  # half deleted
    (found,) = look(workspaces)
    assert (found.id, found.state) == (id_, "uploaded")
    assert found.changed_ms == (workspaces.folder(id_) / "workspace.json").stat().st_mtime_ns // 1_000_000
    assert workspaces.size() > 4
