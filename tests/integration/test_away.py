"""Redis or Kafka away, workers killed or told to end: nothing is lost, and the health says what is waited for."""

import json
import signal
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from local_stack.addresses import Addresses
from local_stack.local import LocalStack
from local_stack.ports import free_ports
from tests.integration.feed import START, event, prepare, publish, some_days
from tests.integration.place import WAIT_S, Place, Supervised, eventually
from tests.integration.telling import told
from tests.promtool import require_clean_metrics


@pytest.mark.parametrize("part", ["redis", "kafka"])
def test_a_service_that_is_away_is_waited_for(breakable_stack: LocalStack, tmp_path: Path, part: str) -> None:
    at = Addresses(breakable_stack.address("kafka"), breakable_stack.address("redis"), "tests")
    (port,) = free_ports(1, Random())
    place = Place(tmp_path / "home", at, "away", metrics_port=port)
    publish(place, some_days(seed=6, users=50, events=2000))
    with place.worker() as worker:
        eventually("all is read", lambda: place.call("wait", "--timeout", WAIT_S).returncode == 0)
        process = worker.child()
        eventually("it is well", lambda: health(port)[0] == 200)
        metrics = told(port, "worker")

        breakable_stack.parts[part].kill()
        if part == "redis":  # with nothing to do it looks after Redis, too
            publish(place, [event("ann", "while-away")])
        _, said = eventually("it says so", lambda: (h := health(port))[0] == 503 and h)
        assert list(said["waiting_for"]) == [part]
        assert said["status"] == "waiting"

        breakable_stack.parts[part].start()
        eventually("it is well again", lambda: health(port)[0] == 200)
        publish(place, [event("bob", "after", time=START)])
        place.ebbwatch("wait", "--timeout", WAIT_S)
        assert worker.child() == process, worker.text()[-2000:]
        assert worker.stop() == 0
    assert place.report("verify")["identical"]
    require_clean_metrics(metrics)


def test_a_worker_killed_at_its_first_batch_loses_nothing(place: Place) -> None:
    sent = list(some_days(seed=7, users=40, events=4000))
    prepare(place)
    records = 0
    with place.worker(max_poll_records=20) as worker:
        for part in range(3):
            # each one dies as soon as it has begun; however quick it is, there is something to read
            child, before = eventually("it runs", worker.child), read(place)
            records += publish(place, sent[part * 1000 : (part + 1) * 1000])
            eventually("it has begun", partial(has_read_more, place, before))
            child.send_signal(signal.SIGKILL)
            eventually("it is started anew", partial(runs_another, worker, child))
    records += publish(place, sent[3000:])
    ran = place.report("run", "--until-idle")
    assert (ran["records"], sum(ran["events"].values())) == (records, records)
    assert place.report("verify")["identical"]


def test_a_worker_in_the_middle_of_its_work_ends_cleanly(place: Place) -> None:
    publish(place, some_days(seed=8, users=40, events=4000))
    with place.worker(max_poll_records=20, log_format="json") as worker:
        eventually("it has begun", lambda: read(place) > 0)
        assert worker.stop() == 0
        assert "Traceback" not in worker.text()
        lines = [json.loads(line) for line in worker.text().splitlines()]
        assert any(line["message"].startswith("metrics and health") for line in lines)
        assert {line["process"] for line in lines} <= {"worker", "supervisor"}
    place.ebbwatch("run", "--until-idle")
    assert place.report("verify")["identical"]


def test_a_store_that_went_back_is_noticed_without_new_events(place: Place) -> None:
    publish(place, some_days(seed=9, users=20, events=300))
    with place.worker() as worker:
        place.ebbwatch("wait", "--timeout", WAIT_S)
        process = worker.child()
        with place.store as store:
            store.unlink(*place.stream().keys(0).all())
        eventually("it starts anew", lambda: worker.child() not in (None, process))
        place.ebbwatch("wait", "--timeout", WAIT_S)
        assert "the store has gone back" in worker.text()
        assert worker.stop() == 0
    assert place.report("verify")["identical"]


def has_read_more(place: Place, before: int) -> bool:
    """Than `before` records."""
    return read(place) > before


def runs_another(worker: Supervised, former: psutil.Process) -> bool:
    """Process than the former one."""
    return worker.child() not in (None, former)


def read(place: Place) -> int:
    """Records read so far."""
    stream = place.stream()
    with place.store as store:
        stored: list[Any] = [store.get(stream.keys(p).position) for p in range(stream.partitions)]
    return sum(json.loads(s)["offset"] for s in stored if s)


def health(port: int) -> tuple[int, Any]:
    """Status and body of ``/healthz``; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.load(answer)
    except OSError:
        return 0, None
