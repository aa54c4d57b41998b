"""The events of the benchmark: simulated once into a file, then into topics of one Kafka."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka.admin import AdminClient
from rich.progress import Progress

from benchmarks.peers.features import UserFeatures, apply, decode_event
from domain.events import milliseconds
from producers.publish import Publisher
from producers.topics import ensure_topics

PARTITIONS: Final = 12
DEAD_LETTERS: Final = "bench-dead-letters"
_HOUR_MS: Final = 3_600_000
_SEED: Final = 7
_OPTIONS: Final = {
    "simulated": ("--days", "180"),
    # as many events a user and day as in the other set, or weekly visits would outnumber the events
    "uniform": ("--uniform-users", "50000", "--days", "16"),
}
DISTRIBUTIONS: Final = tuple(_OPTIONS)


class Loaded(msgspec.Struct, frozen=True):
    """A topic that holds the first `events` of a file, with a clock mark for each hour of event time."""

    topic: str
    events: int
    marks: int
    users: int


class SimulationError(RuntimeError):
    """The events could not be made."""


def make(distribution: str, events: int, folder: Path) -> Path:
    """The file of events (JSON lines in event-time order), written unless it is there.

    Raises:
        SimulationError: the simulator failed; its words are in the message.
    """
    file = folder / f"{distribution}-{events}-{_SEED}.jsonl"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part.jsonl")
    command = [str(Path(sys.executable).parent / "ebbwatch"), "simulate", *_OPTIONS[distribution]]
    command += ["--events", str(events), "--seed", str(_SEED), "--out", str(unfinished)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SimulationError(f"{' '.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")
    unfinished.rename(file)
    return file


def lines(file: Path, most: int) -> Iterator[bytes]:
    """The first `most` events of the file, encoded."""
    with file.open("rb") as source:
        for line in itertools.islice(source, most):
            yield line.rstrip()


def load(file: Path, most: int, kafka: str, topic: str, progress: Progress) -> Loaded:
    """Write the first `most` events into a new topic, hourly marks in between and one behind the last."""
    ensure_topics(kafka, topic, PARTITIONS, DEAD_LETTERS)
    users: set[str] = set()
    due = last = 0
    task = progress.add_task(f"loading {topic}", total=most)
    with Publisher(kafka, topic, PARTITIONS) as publisher:
        for value in lines(file, most):
            event = decode_event(value)
            last = milliseconds(event.time)
            if last >= due:
                if due:
                    publisher.mark(due)
                due = last - last % _HOUR_MS + _HOUR_MS
            users.add(event.user_id)
            publisher.send(event.user_id.encode(), value)
            if publisher.sent % 10_000 == 0:
                progress.update(task, completed=publisher.sent)
        publisher.mark(last + 1)
    progress.remove_task(task)
    return Loaded(topic, publisher.sent, publisher.marks, len(users))


def expected(file: Path, most: int) -> dict[bytes, UserFeatures]:
    """Features of every user after the first `most` events, by a plain fold."""
    states: dict[bytes, UserFeatures] = {}
    for value in lines(file, most):
        event = decode_event(value)
        user = event.user_id.encode()
        state = states.get(user)
        if state is None:
            state = states[user] = UserFeatures()
        apply(state, event)
    return states


def forget(kafka: str, text: str) -> None:
    """Delete all topics whose names contain `text`: changelogs of a contestant, or what was loaded."""
    admin = AdminClient({"bootstrap.servers": kafka})
    names = [name for name in admin.list_topics(timeout=30).topics if text in name]
    if names:
        for answer in admin.delete_topics(names).values():
            answer.result()
