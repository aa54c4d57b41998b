"""Never two runners at once, whoever dies."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from batch_jobs.running.lease import LASTS_MS, HeldError, LostError, Numbered, leased
from storage.files import Storage

HOLDS = """
import sys, time
from batch_jobs.running.lease import leased
from storage.files import Storage
with leased(Storage(sys.argv[1], "results"), "the other", lambda: 1):
    print("held", flush=True)
    time.sleep(600)
"""


class Clock:
    """Set by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Storage:
    return Storage(f"memory://{tmp_path.name}", "results")


@pytest.mark.parametrize("kind", ["folder", "object store"])
def test_one_at_a_time(tmp_path: Path, kind: str) -> None:
    where = Storage(str(tmp_path / "new") if kind == "folder" else f"memory://{tmp_path.name}", "results")
    with (
        leased(where, "first", lambda: 5) as lease,
        pytest.raises(HeldError, match="first"),
        leased(where, "second", lambda: 6),
    ):
        pass
    lease.check()
    with leased(where, "second", lambda: 7):
        pass


def test_a_killed_runner_gives_a_folder_back_at_once(tmp_path: Path) -> None:
    where = Storage(str(tmp_path), "results")
    other = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    with other.stdout:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(HeldError, match="the other"), leased(where, "me", lambda: 1):
            pass
        other.kill()
        other.wait()
    with leased(where, "me", lambda: 1) as lease:
        lease.check()


def test_an_expired_lease_is_taken_over_and_its_holder_fenced(store: Storage) -> None:
    clock = Clock()
    old, new = Numbered(store, "old", clock), Numbered(store, "new", clock)
    old.take()
    clock.now += LASTS_MS - 1
    with pytest.raises(HeldError, match="old"):
        new.take()
    old.renew()
    clock.now += LASTS_MS - 1
    with pytest.raises(HeldError, match="old"):
        new.take()
    clock.now += 2
    new.take()
    new.check()
    for doing in (old.check, old.renew):
        with pytest.raises(LostError):
            doing()
    old.give_back()  # takes nothing away from the new one
    with pytest.raises(HeldError, match="new"):
        Numbered(store, "third", clock).take()


def test_numbers_are_never_used_twice(store: Storage) -> None:
    clock = Clock()
    for _ in range(5):
        lease = Numbered(store, "one", clock)
        lease.take()
        lease.give_back()
    assert store.names("lease") == ["000000000004.json", "000000000005.json"]


def test_of_many_who_create_one_succeeds(tmp_path: Path) -> None:
    where = Storage(str(tmp_path), "results")
    made: list[bool] = []
    start = threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        made.append(where.create("x/one", b"%d" % number))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert where.names("x") == ["one"]


def test_a_damaged_ticket_does_not_block_for_ever(store: Storage) -> None:
    store.write("lease/000000000003.json", b"{")
    lease = Numbered(store, "me", Clock())
    lease.take()
    lease.check()
