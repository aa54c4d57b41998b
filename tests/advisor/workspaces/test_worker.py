"""From an upload to results by the process that works, whoever is killed meanwhile."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pyarrow.parquet as pq
import pytest

from advisor.insights.campaigns import Offer
from advisor.intake.mapping import Mapping
from advisor.training.names import CUSTOMERS
from advisor.training.training import Summary
from advisor.workspaces import worker
from advisor.workspaces.config import COMMAND, ENVIRONMENT, AdvisorConfig
from advisor.workspaces.folders import (
    CONTACTS,
    PROFILE,
    RESULTS,
    THRESHOLD,
    UnknownWorkspaceError,
    Workspaces,
)  # fmt: skip
from advisor.workspaces.work import Job, work
from advisor.workspaces.worker import Advisor
from advisor.workspaces.workspace import Learn, State, Workspace, moved
from ebbwatch.settings import Settings
from tests.advisor.training.files import shop
from tests.processes import children_running

ID = "abcdefghijklmnopqrstuvwxyz"
LEARN = Learn(inactivity_days=40, horizon_days=20, offer=Offer(contact=2.0), seed=3)
FACTS = Settings().facts()

_WORK = "advisor.workspaces.work"


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "workspaces")


def sent(workspaces: Workspaces, tmp_path: Path, content: str, id_: str = ID) -> None:
    (tmp_path / "sent").write_text(content)
    far = int(time.time() * 1000) + 10**9
    made = Workspace(id=id_, name="shop.csv", owner="key", created_ms=1, expires_ms=far, size=len(content))
    workspaces.create(made, tmp_path / "sent")


@contextmanager
def advised(workspaces: Workspaces, at_once: int = 2) -> Iterator[Advisor]:
    config = AdvisorConfig(
        root=str(workspaces.root), at_once=at_once, facts=FACTS, contestants=("logistic",), learners=()
    )
    advisor = Advisor(config)
    thread = threading.Thread(target=advisor.run)
    thread.start()
    try:
        yield advisor
    finally:
        advisor.stop()
        thread.join(120)
        assert not thread.is_alive()


def eventually(what: str, found: Callable[[], Any], patience_s: float = 300) -> Any:
    give_up = time.monotonic() + patience_s
    while not (value := found()):
        assert time.monotonic() < give_up, what
        time.sleep(0.05)
    return value


def becomes(workspaces: Workspaces, *states: State, id_: str = ID) -> Workspace:
    def there() -> Workspace | None:
        now = workspaces.read(id_)
        return now if now.state in states else None

    found: Workspace = eventually(f"{states}, not {workspaces.read(id_)}", there)
    return found


def mapped(workspaces: Workspaces) -> None:
    now = becomes(workspaces, "read")
    columns = {role: offer.column for role, offer in now.proposed.items()}
    workspaces.change(ID, lambda w: moved(w, "mapping", mapping=Mapping(columns=columns)))
    becomes(workspaces, "mapped")


def test_from_an_upload_to_results(workspaces: Workspaces, tmp_path: Path) -> None:
    sent(workspaces, tmp_path, shop(2))
    with advised(workspaces):
        mapped(workspaces)
        folder = workspaces.folder(ID)
        assert json.loads((folder / PROFILE).read_bytes())["customers"] == 110
        assert 45 <= json.loads((folder / THRESHOLD).read_bytes())["days"] <= 90
        assert (folder / CONTACTS).exists()
        workspaces.change(ID, lambda w: moved(w, "training", learn=LEARN))
        eventually("it is under way", lambda: workspaces.progress(ID))
        (killed,) = eventually("a process works", lambda: children_running(_WORK))
        killed.kill()  # and is begun anew
        becomes(workspaces, "trained")
        summary = msgspec.json.decode((folder / RESULTS / "summary.json").read_bytes(), type=Summary)
        assert pq.read_table(folder / RESULTS / CUSTOMERS).num_rows == summary.customers == 110
        workspaces.change(ID, lambda w: moved(w, "mapping", mapping=w.mapping))
        becomes(workspaces, "mapped")
        assert not (folder / RESULTS).exists(), "they rested on what was mapped before"
    names = {path.name for path in folder.iterdir()}
    assert not [name for name in names if name.startswith(("work-", "progress"))]


def test_a_training_is_cancelled_or_deleted_while_it_runs(workspaces: Workspaces, tmp_path: Path) -> None:
    sent(workspaces, tmp_path, shop(2))
    with advised(workspaces):
        mapped(workspaces)
        workspaces.change(ID, lambda w: moved(w, "training", learn=LEARN))
        eventually("it is under way", lambda: workspaces.progress(ID))
        workspaces.change(ID, lambda w: moved(w, "mapped"))
        eventually(
            "nobody works on it", lambda: not children_running(_WORK) and workspaces.progress(ID) is None
        )
        assert workspaces.read(ID).state == "mapped"
        workspaces.change(ID, lambda w: moved(w, "training", learn=LEARN))
        eventually("it is under way again", lambda: workspaces.progress(ID))
        workspaces.delete(ID)
        eventually("nobody works on it", lambda: not children_running(_WORK))
    assert list(workspaces.root.iterdir()) == []


def test_what_cannot_be_used_fails_with_a_sentence(workspaces: Workspaces, tmp_path: Path) -> None:
    sent(workspaces, tmp_path, "%PDF-1.4")
    sent(workspaces, tmp_path, "customer,date,total\n" + "a,2023-01-01,1\nb,2023-01-02,1\n" * 30, "b" * 26)
    with advised(workspaces):
        assert "a PDF" in becomes(workspaces, "failed").error
        few = becomes(workspaces, "read", id_="b" * 26)
        columns = {role: offer.column for role, offer in few.proposed.items()}
        workspaces.change("b" * 26, lambda w: moved(w, "mapping", mapping=Mapping(columns=columns)))
        assert "at least 500 are needed" in becomes(workspaces, "failed", id_="b" * 26).error


def test_one_that_takes_its_process_down_is_given_up(
    workspaces: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(workspaces, tmp_path, "a,b\n1,2\n")
    monkeypatch.setattr(worker, "_WORK", (sys.executable, "-c", "import os; os._exit(9)"))
    with advised(workspaces):
        assert "more memory or time" in becomes(workspaces, "failed").error


def test_work_ends_with_who_waits_for_it(workspaces: Workspaces, tmp_path: Path) -> None:
    sent(workspaces, tmp_path, shop(2))
    config = AdvisorConfig(
        root=str(workspaces.root), at_once=1, facts=FACTS, contestants=("logistic",), learners=()
    )
    environment = os.environ | {ENVIRONMENT: msgspec.json.encode(config).decode()}
    parent = psutil.Popen(COMMAND, env=environment)
    (child,) = eventually("a process works", lambda: children_running(_WORK, parent.pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    child.wait(120)
    assert workspaces.read(ID).state in ("uploaded", "read")


def test_what_was_changed_meanwhile_is_left(workspaces: Workspaces, tmp_path: Path) -> None:
    sent(workspaces, tmp_path, shop(2))
    job = Job(root=str(workspaces.root), id=ID, facts=FACTS, contestants=("logistic",), learners=())

    def renamed() -> int:
        now = workspaces.read(ID)
        if now.name != "other":
            workspaces.change(ID, lambda w: msgspec.structs.replace(w, name="other"))
        return 1

    work(job, renamed)
    assert workspaces.read(ID).state == "uploaded"
    workspaces.delete(ID)
    with pytest.raises(UnknownWorkspaceError):
        work(job, lambda: 1)
