"""The archiver against a real Kafka: every offset once, whoever is killed, and how often."""

import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from archive.address import address_of
from archive.erasing import rows_of_user, wishes
from archive.log import ArchiveLog, open_log
from archive.reading import in_log_order
from control.log import Log
from domain.events import UserErasure, encode
from feature_store.served import facts
from local_stack.ports import free_ports
from stream_processors.config import EXIT_REFUSED
from tests.integration.feed import Sent, event, prepare, publish, some_days
from tests.integration.place import WAIT_S, Place, Supervised, eventually
from tests.integration.telling import told
from tests.promtool import require_clean_metrics

KILLS = int(os.environ.get("ARCHIVER_KILLS", "4"))
"""Twenty in `make chaos`."""


def archived(place: Place) -> ArchiveLog:
    return open_log(address_of(place.home / "archive" / "log"))


def kept(place: Place) -> dict[tuple[int, int], tuple[Any, ...]]:
    """All that the topic holds, by partition and offset."""
    found: dict[tuple[int, int], tuple[Any, ...]] = {}
    with Log(place.at.kafka, place.topic) as log:
        for partition in range(place.partitions):
            for record in log.read(partition, 0, log.bounds(partition).end):
                found[partition, record.offset] = (record.timestamp, record.key, record.value)
    return found


def holds(found: ArchiveLog) -> tuple[Counter[tuple[int, int]], dict[tuple[int, int], tuple[Any, ...]]]:
    """How often each offset is in the archive, and with what; read without its own reader."""
    rows = found._table.to_pyarrow_table(
        columns=["partition", "offset", "appended", "key", "value"]
    ).to_pylist()
    times = Counter((row["partition"], row["offset"]) for row in rows)
    return times, {
        (r["partition"], r["offset"]): (round(r["appended"].timestamp() * 1000), r["key"], r["value"])
        for r in rows
    }


def every_offset_once(place: Place) -> ArchiveLog:
    found = archived(place)
    times, rows = holds(found)
    expected = kept(place)
    assert [at for at, count in times.items() if count > 1] == []
    assert rows == expected
    for partition in range(place.partitions):
        order = [o for part in in_log_order(found, partition, 0) for o in part["offset"].to_pylist()]
        assert order == [offset for p, offset in sorted(expected) if p == partition]
    return found


def caught_up(place: Place, *running: Supervised) -> None:
    """As `wait` sees it; no worker runs here."""

    def all_there() -> bool:
        for one in running:
            assert one.supervisor.poll() is None, one.text()[-2000:]
        with Log(place.at.kafka, place.topic) as log:
            ends = {p: end for p, end in log.ends(place.partitions).items() if end}
        return archived(place).positions(place.partitions) == ends

    begun(place)
    eventually("all is archived", all_there)


def begun(place: Place) -> None:
    """Wait for the archive: its folders come a moment before the table's first version."""
    versions = place.home / "archive" / "log" / "_delta_log"
    eventually("the archive is there", lambda: any(versions.glob("*.json")))


def cut(place: Place, at: Callable[[int], int]) -> None:
    """Kafka lets go of all before an offset, which is said by the end."""
    with Log(place.at.kafka, place.topic) as log:
        ends = log.ends(place.partitions)
    admin = KafkaAdminClient(bootstrap_servers=place.at.kafka)
    try:
        admin.delete_records({TopicPartition(place.topic, p): at(end) for p, end in ends.items()})
    finally:
        admin.close()


def mixed(seed: int, events: int) -> Iterator[Sent]:
    """Events, late ones, marks, and what can be no event."""
    random = Random(seed)
    for number, one in enumerate(some_days(seed, 40, events)):
        yield one
        if random.random() < 0.02:
            yield b"user-1", random.choice([b"{", b"\xff", b'{"user_id": 3}', b"{}"])
        if number == events // 2:
            yield b"user-2", b'{"erase": false}'


def reached(place: Place) -> int:
    """Records in the archive, by its positions."""
    return sum(archived(place).positions(place.partitions).values())


@pytest.mark.timeout(60 * KILLS + 900)
def test_killed_at_random_every_offset_is_there_once(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=3, archive_batch_records=150, archive_batch_seconds=0.1)
    random = Random()
    prepare(place)
    over = threading.Event()

    def traffic() -> None:
        for seed in itertools.count():
            if over.is_set():
                return
            publish(place, mixed(seed, 200))

    sending = threading.Thread(target=traffic)
    sending.start()
    try:
        with place.archiver() as archiver:
            for _ in range(KILLS):
                child = eventually("it works", archiver.child)
                begun(place)
                before = reached(place)
                eventually("it has archived some more", partial(grown, place, before))
                time.sleep(random.random() * 0.5)  # somewhere in between, which differs each time
                child.kill()
                child.wait()
            over.set()
            sending.join()
            caught_up(place, archiver)
            assert archiver.stop() == 0
    finally:
        over.set()
        sending.join()
    every_offset_once(place)


def grown(place: Place, before: int) -> bool:
    return reached(place) > before


def test_two_archivers_at_once_never_double(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=3, archive_batch_records=200, archive_batch_seconds=0.1)
    prepare(place)
    with place.archiver() as one:
        eventually("the first works", one.child)
        other = Supervised(
            place, "archiver", "stream_processors.archiver", place.home / "worker-logs" / "other.log"
        )
        other.log.write_bytes(b"")
        other.start()
        try:
            for round_ in range(4):
                publish(place, mixed(round_, 800))
            caught_up(place, one, other)
            assert [one.stop(), other.stop()] == [0, 0]
        finally:
            other.kill()
    every_offset_once(place)


def test_wait_returns_once_all_is_archived(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=2, archiver=True)
    publish(place, mixed(1, 600))
    with place.worker() as worker:
        eventually("it works", worker.child)
        place.but(archiver=False).ebbwatch("wait", "--timeout", WAIT_S)
        waiting = place.call("wait", "--timeout", 2)
        assert waiting.returncode == 1
        assert "by the archiver" in waiting.said
        with place.archiver() as archiver:
            place.ebbwatch("wait", "--timeout", WAIT_S)
            every_offset_once(place)
            assert archiver.stop() == 0
        assert worker.stop() == 0


def test_who_is_erased_leaves_the_archive_too(make_place: Callable[..., Place]) -> None:
    (port,) = free_ports(1, Random())
    place = make_place(partitions=2, archiver_metrics_port=port)
    publish(place, [event("user-1", f"a{n}") for n in range(50)])
    with place.archiver() as archiver:
        caught_up(place, archiver)
        assert len(rows_of_user(archived(place), "user-1")) == 50
        publish(
            place, [(b"user-1", encode(UserErasure(erase=True))), event("user-1", "b"), event("user-2", "c")]
        )
        caught_up(place, archiver)
        eventually(
            "only what came later is left",
            lambda: [row["event_id"] for row in rows_of_user(archived(place), "user-1")] == ["b"],
        )
        metrics = told(port, "archiver")
        assert archiver.stop() == 0
    times, _ = holds(archived(place))
    assert len(times) == 53
    assert set(times.values()) == {1}
    assert "ebbwatch_archiver_records_total 53.0" in metrics
    require_clean_metrics(metrics)


def test_a_log_that_was_cut_and_another_topic_are_refused(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=2)
    publish(place, mixed(3, 300))
    with place.archiver() as archiver:
        caught_up(place, archiver)
        assert archiver.stop() == 0
    publish(place, mixed(4, 300))
    cut(place, lambda end: end - 1)
    with place.archiver() as archiver:
        assert archiver.ended() == EXIT_REFUSED
        assert "deleted before it was archived" in archiver.text()
    other = place.but(topic=f"{place.topic}-of-others", archive_log=place.home / "archive" / "log")
    other.topic = str(other.settings["topic"])
    with place.store as store:
        store.flushdb()
    prepare(other)
    with other.archiver() as archiver:
        assert archiver.ended() == EXIT_REFUSED
        assert "archive of the topic with id" in archiver.text()


def test_while_the_disk_is_away_it_waits(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=2)
    folder = place.home / "archive" / "log"
    publish(place, mixed(5, 300))
    with place.archiver() as archiver:
        caught_up(place, archiver)
        away = folder.rename(folder.with_name("unmounted"))
        folder.write_text("no folder")
        publish(place, mixed(6, 300))
        eventually("it says so", lambda: "; again in" in archiver.text())
        folder.unlink()
        away.rename(folder)
        caught_up(place, archiver)
        assert archiver.stop() == 0
        assert "refused" not in archiver.text()
    every_offset_once(place)


def test_a_rebuild_from_the_archive_is_that_from_the_log(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=2)
    publish(place, mixed(6, 2500))
    with place.worker() as worker, place.archiver() as archiver:
        place.but(archiver=True).ebbwatch("wait", "--timeout", WAIT_S)
        assert [archiver.stop(), worker.stop()] == [0, 0]
    assert place.report("verify")["identical"]
    before = facts_of(place)
    cut(place, lambda end: end // 2)
    publish(place, mixed(7, 100))
    refused = place.call("rebuild")
    assert refused.returncode == 1
    assert "--from-archive" in refused.said
    assert facts_of(place) == before
    place.ebbwatch("rebuild", "--from-archive")
    with place.worker() as worker:
        place.ebbwatch("wait", "--timeout", WAIT_S)
        assert worker.stop() == 0
    report = place.report("verify")
    assert report["identical"], report["differences"]
    assert place.stream().generation == 2


def facts_of(place: Place) -> dict[str, list[bytes]]:
    """Facts of all users, by user, in each partition's order."""
    with place.store as store:
        found: dict[str, list[bytes]] = {}
        for partition in range(place.partitions):
            stored: Any = store.hgetall(place.stream().keys(partition).users)
            for user, packed in zip(stored, facts(list(stored.values())), strict=True):
                found.setdefault(user.decode(), []).append(packed or b"")
        return found


def test_users_are_the_same_from_an_archive_without_the_erased(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=2)
    publish(place, [*mixed(8, 1200), (b"user-1", encode(UserErasure(erase=True))), *mixed(9, 60)])
    with place.worker() as worker, place.archiver() as archiver:
        place.but(archiver=True).ebbwatch("wait", "--timeout", WAIT_S)
        eventually("the erasure is carried out", lambda: not wishes(archived(place)))
        assert [archiver.stop(), worker.stop()] == [0, 0]
    before = facts_of(place)
    whole = place.report("verify")
    assert (whole["identical"], whole["emptied"], whole["passed"]) == (True, 0, 0)
    cut(place, lambda end: end - 10)
    verified(place, whole)
    place.ebbwatch("rebuild", "--from-archive")
    assert facts_of(place) == before
    verified(place, whole)


def verified(place: Place, whole: dict[str, Any]) -> None:
    """The store is right by what the archive still has, and it is said what that cannot tell."""
    found = place.report("verify")
    assert found["identical"], found["differences"]
    assert found["records"] == whole["records"]
    assert found["emptied"] > 100
    assert (
        found["passed"] == whole["snapshots"] + whole["outcomes"] - found["snapshots"] - found["outcomes"] > 0
    )
    with place.store as store:  # a difference of another kind is still one
        counts = place.stream().keys(0).counts
        store.hincrby(counts, "applied", 1)
        assert place.call("verify").returncode == 1
        store.hincrby(counts, "applied", -1)


def test_export_shows_and_erase_empties_what_is_archived(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=2, archiver=True)
    publish(place, [event("user-1", f"a{n}") for n in range(20)])
    with place.worker() as worker, place.notifier() as notifier, place.archiver() as archiver:
        place.ebbwatch("wait", "--timeout", WAIT_S)
        rows = place.ebbwatch("users", "export", "user-1", "--archive").json()["archive"]
        assert [row["kind"] for row in rows] == ["event"] * 20
        assert '"event_id":"a0"' in rows[0]["value"]
        done = place.report("erase", "user-1", "--yes", "--wait", WAIT_S)
        assert (done["forgotten"], done["archive"]) == (True, True)
        assert rows_of_user(archived(place), "user-1") == []
        assert place.call("users", "export", "user-1", "--archive").returncode == 1
        assert [p.stop() for p in (archiver, notifier, worker)] == [0, 0, 0]


def test_a_run_that_ends_by_itself_has_archived_all(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=2, archiver=True, archive_batch_seconds=600)
    publish(place, mixed(2, 400))
    place.ebbwatch("run", "--until-idle")
    every_offset_once(place)
