"""What must hold when the storm is over, and what must be refused."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

from kafka.admin import KafkaAdminClient
from kafka.structs import TopicPartition

from control.log import Log
from ebbwatch.dead_letters import letters
from local_stack.local import LocalStack
from stream_processors.config import EXIT_REFUSED
from tests.chaos import older_aof, strikes
from tests.chaos.finding import Finding
from tests.chaos.traffic import Kind
from tests.integration.place import Place


def account(place: Place, sent: Mapping[Kind, int]) -> list[Finding]:
    """Hold the store against the log, and the log against what was sent; nothing may still be on its way."""
    report = place.call("verify", "--json").json()
    events: dict[str, int] = report["events"]
    with Log(place.at.kafka, place.topic) as log:
        in_log = sum(log.ends(place.partitions).values())
    with Log(place.at.kafka, place.dead_letter_topic) as log:
        dead = sum(1 for _ in letters(log, place.topic))
    dead_lettered = sum(n for outcome, n in events.items() if outcome.startswith("dead_letter:"))
    used = events["applied"] + events.get("late", 0)
    return [
        Finding(
            "verify finds the same bytes, snapshots and outcomes",
            report["identical"],
            f"{report['users']} users; {' '.join(report['differences'])}",
        ),
        Finding(
            "snapshots and outcomes have left",
            report["snapshots"] > report["outcomes"] > 0,
            f"{report['snapshots']:,} and {report['outcomes']:,}",
        ),
        _equal("the log holds what was sent", in_log, sum(sent.values())),
        _equal("outcomes and marks add up to the log", sum(events.values()), in_log),
        _equal("every event is applied or late, once", used, sent["event"]),
        _equal("every repeat is a duplicate", events.get("duplicate", 0), sent["repeat"]),
        _equal("every broken record is a dead letter", dead_lettered, sent["broken"]),
        _equal("each of them lies in the dead letters", dead, dead_lettered),
        _equal("marks", events.get("mark", 0), sent["mark"]),
    ]


def put_back_older(stack: LocalStack, place: Place, kept: Path, random: Random) -> list[Finding]:
    """Put an older, cut append-only file back under workers that run; they go on from it, or a rebuild mends it."""
    before = strikes.read(place)
    stack.redis.kill()
    where = older_aof.cut_and_put_back(kept, stack.redis.dir, random)
    stack.redis.start()
    behind = before - strikes.read(place)
    done = place.call("wait", "--timeout", 300)
    how = f"{where}; {behind:,} records behind, read again"
    if done.returncode != 0:
        place.ebbwatch("rebuild")
        how = f"{where}; the workers did not go on ({done.said}), rebuilt"
    return [Finding("an older append-only file, cut in a transaction, put back", behind > 0, how)]


def refuse_other_settings(place: Place) -> list[Finding]:
    """A worker, a check with other settings than the store was built with."""
    other = place.but(inactivity_days=20)
    with other.worker(number=8) as worker:
        code = worker.ended()
        said = _refusal(worker.text())
    verified = other.call("verify")
    return [
        Finding("a worker with other settings", code == EXIT_REFUSED and "other settings" in said, said),
        Finding(
            "verify with other settings",
            verified.returncode != 0 and "other settings" in verified.said,
            verified.said[-160:],
        ),
    ]


def refuse_missing_beginning(place: Place) -> list[Finding]:
    """An empty store, and a log whose first half is gone."""
    with Log(place.at.kafka, place.topic) as log:
        ends = log.ends(place.partitions)
    admin = KafkaAdminClient(bootstrap_servers=place.at.kafka)
    try:
        admin.delete_records({TopicPartition(place.topic, p): end // 2 for p, end in ends.items() if end > 1})
    finally:
        admin.close()
    rebuilt = place.call("rebuild")
    with place.store as store:
        for partition in range(place.partitions):
            store.unlink(*place.stream().keys(partition).all())
    with place.worker(number=9) as worker:
        code = worker.ended()
        said = _refusal(worker.text())
    return [
        Finding("a log whose beginning is gone", code == EXIT_REFUSED and "the log begins at" in said, said),
        Finding(
            "a rebuild from such a log",
            rebuilt.returncode != 0 and "let go of its beginning" in rebuilt.said,
            rebuilt.said[-160:],
        ),
    ]


def _equal(what: str, found: int, expected: int) -> Finding:
    return Finding(
        what, found == expected, f"{found:,}" + ("" if found == expected else f", not {expected:,}")
    )


def _refusal(log: str) -> str:
    lines = [line for line in log.splitlines() if "refused:" in line]
    return lines[-1].split("refused:", 1)[1].strip() if lines else log[-300:]
