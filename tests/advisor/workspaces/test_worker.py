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
from prometheus_client import CollectorRegistry

from advisor.insights.campaigns import Offer
from advisor.intake.mapping import Mapping
from advisor.training.names import CUSTOMERS
from advisor.training.training import Summary
from advisor.workspaces import work as work_module
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
from advisor.workspaces.metrics import AdvisorMetrics
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


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "workspaces")


def sent(workspaces: Workspaces, tmp_path: Path, content: str, id_: str = ID) -> None:
    (tmp_path / "sent").write_text(content)
    far = now_ms() + 10**9
    made = Workspace(id=id_, name="shop.csv", owner="key", created_ms=1, expires_ms=far, size=len(content))
    workspaces.create(made, tmp_path / "sent")


@contextmanager
def advised(
    workspaces: Workspaces, at_once: int = 2, registry: CollectorRegistry | None = None
) -> Iterator[Advisor]:
    config = AdvisorConfig(
        root=str(workspaces.root), at_once=at_once, facts=FACTS, contestants=("logistic",), learners=()
    )
    advisor = Advisor(config, AdvisorMetrics(registry or CollectorRegistry(), now_ms=now_ms))
    thread = threading.Thread(target=advisor.run)
    thread.start()
    try:
        yield advisor
    finally:
        advisor.stop()
        thread.join(120)
        assert not thread.is_alive()


def steps(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """How many have ended by step and outcome, of which there were some."""
    counted = (s for family in registry.collect() for s in family.samples if s.name.endswith("_steps_total"))
    return {(s.labels["step"], s.labels["outcome"]): s.value for s in counted if s.value}


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    found = registry.get_sample_value(f"ebbwatch_advisor_{name}", labels)
    assert found is not None, name
    return found


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


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


def test_from_an_upload_to_results(
    workspaces: Workspaces, tmp_path: Path, registry: CollectorRegistry
) -> None:
    sent(workspaces, tmp_path, shop(2))
    with advised(workspaces, registry=registry):
        mapped(workspaces)
        folder = workspaces.folder(ID)
        assert json.loads((folder / PROFILE).read_bytes())["customers"] == 110
        assert 45 <= json.loads((folder / THRESHOLD).read_bytes())["days"] <= 90
        assert (folder / CONTACTS).exists()
        workspaces.change(ID, lambda w: moved(w, "training", learn=LEARN))
        eventually("it is under way", lambda: workspaces.progress(ID))
        (killed,) = eventually("a process works", lambda: children_running(_WORK))
        assert value(registry, "running_steps", step="train") == 1
        killed.kill()  # and is begun anew
        becomes(workspaces, "trained")
        summary = msgspec.json.decode((folder / RESULTS / "summary.json").read_bytes(), type=Summary)
        assert pq.read_table(folder / RESULTS / CUSTOMERS).num_rows == summary.customers == 110
        workspaces.change(ID, lambda w: moved(w, "mapping", mapping=w.mapping))
        becomes(workspaces, "mapped")
        assert not (folder / RESULTS).exists(), "they rested on what was mapped before"
        eventually("it is seen to have ended", lambda: not value(registry, "running_steps", step="map"))
    assert steps(registry) == {
        ("read", "succeeded"): 1, ("map", "succeeded"): 2, ("train", "killed"): 1, ("train", "succeeded"): 1,
    }  # fmt: skip
    assert value(registry, "step_seconds_count", step="map") == 2
    assert value(registry, "step_seconds_sum", step="train") > 0.3
    assert value(registry, "look_timestamp_seconds") == pytest.approx(time.time(), abs=60)
    assert value(registry, "stored_bytes") >= len(shop(2)), "of the first look"
    names = {path.name for path in folder.iterdir()}
    assert not [name for name in names if name.startswith(("work-", "progress"))]


def test_a_training_is_cancelled_or_deleted_while_it_runs(
    workspaces: Workspaces, tmp_path: Path, registry: CollectorRegistry
) -> None:
    def training() -> bool:
        return value(registry, "running_steps", step="train") == 1

    sent(workspaces, tmp_path, shop(2))
    with advised(workspaces, registry=registry):
        mapped(workspaces)
        workspaces.change(ID, lambda w: moved(w, "training", learn=LEARN))
        eventually("it is under way", lambda: training() and workspaces.progress(ID))
        workspaces.change(ID, lambda w: moved(w, "mapped"))
        eventually(
            "nobody works on it", lambda: not children_running(_WORK) and workspaces.progress(ID) is None
        )
        assert workspaces.read(ID).state == "mapped"
        workspaces.change(ID, lambda w: moved(w, "training", learn=LEARN))
        eventually("it is under way again", lambda: training() and workspaces.progress(ID))
        workspaces.delete(ID)
        eventually(
            "nobody works on it",
            lambda: sum(steps(registry).values()) == 4 and not children_running(_WORK),
        )
        eventually(
            "it is seen to be gone", lambda: value(registry, "gone_workspaces_total", reason="deleted")
        )
    assert steps(registry) == {("read", "succeeded"): 1, ("map", "succeeded"): 1, ("train", "cancelled"): 2}
    assert list(workspaces.root.iterdir()) == []


def test_what_cannot_be_used_fails_with_a_sentence(
    workspaces: Workspaces, tmp_path: Path, registry: CollectorRegistry
) -> None:
    sent(workspaces, tmp_path, "%PDF-1.4")
    sent(workspaces, tmp_path, "customer,date,total\n" + "a,2023-01-01,1\nb,2023-01-02,1\n" * 30, "b" * 26)
    with advised(workspaces, registry=registry):
        assert "a PDF" in becomes(workspaces, "failed").error
        few = becomes(workspaces, "read", id_="b" * 26)
        columns = {role: offer.column for role, offer in few.proposed.items()}
        workspaces.change("b" * 26, lambda w: moved(w, "mapping", mapping=Mapping(columns=columns)))
        assert "at least 500 are needed" in becomes(workspaces, "failed", id_="b" * 26).error
        eventually("it is seen to have ended", lambda: not value(registry, "running_steps", step="map"))
    assert steps(registry) == {("read", "failed"): 1, ("read", "succeeded"): 1, ("map", "failed"): 1}


def test_one_that_takes_its_process_down_is_given_up(
    workspaces: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: CollectorRegistry
) -> None:
    sent(workspaces, tmp_path, "a,b\n1,2\n")
    monkeypatch.setattr(worker, "_WORK", (sys.executable, "-c", "import os; os._exit(9)"))
    with advised(workspaces, registry=registry):
        assert "more memory or time" in becomes(workspaces, "failed").error
    assert steps(registry) == {("read", "crashed"): 2}


def test_one_whose_files_are_taken_away_is_cancelled_however_it_ends(
    workspaces: Workspaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: CollectorRegistry
) -> None:
    sent(workspaces, tmp_path, "a,b\n1,2\n")
    deleting = (
        "import json, shutil, sys; job = json.loads(sys.stdin.readline()); "
        'shutil.rmtree(f\'{job["root"]}/{job["id"]}\'); sys.exit(9)'
    )
    monkeypatch.setattr(worker, "_WORK", (sys.executable, "-c", deleting))
    with advised(workspaces, registry=registry):
        eventually("it has ended", lambda: steps(registry))
    assert steps(registry) == {("read", "cancelled"): 1}
    assert value(registry, "running_steps", step="read") == 0


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


def test_one_without_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(work_module, "work", full)
    job = Job(root="none", id=ID, facts=FACTS, contestants=(), learners=())
    assert work_module._ended(job) == "out_of_memory"


def test_who_waits_is_told_and_what_has_expired(
    workspaces: Workspaces, tmp_path: Path, registry: CollectorRegistry
) -> None:
    sent(workspaces, tmp_path, "a,b\n1,2\n")
    sent(workspaces, tmp_path, "a,b\n1,2\n", "b" * 26)
    workspaces.change("b" * 26, lambda w: msgspec.structs.replace(w, expires_ms=1))
    os.utime(workspaces.folder(ID) / "workspace.json", (time.time() - 500, time.time() - 500))
    with advised(workspaces, at_once=0, registry=registry) as advisor:
        eventually("it has looked", lambda: value(registry, "waiting_workspaces") == 1)
        assert 500 <= value(registry, "oldest_waiting_seconds") < 700
        assert value(registry, "workspaces", state="uploaded") == 1
        assert value(registry, "gone_workspaces_total", reason="expired") == 1
        assert advisor.health() == {"status": "ok"}


def test_a_loop_that_stands_still_is_not_well(
    workspaces: Workspaces, monkeypatch: pytest.MonkeyPatch, registry: CollectorRegistry
) -> None:
    config = AdvisorConfig(root=str(workspaces.root), at_once=1, facts=FACTS, contestants=(), learners=())
    advisor = Advisor(config, AdvisorMetrics(registry))
    monkeypatch.setattr(worker, "_STALLED_S", 0.0)
    assert advisor.health()["status"] == "waiting"
