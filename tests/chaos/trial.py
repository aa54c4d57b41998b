"""One trial: traffic, two workers and a trainer, a storm, and what must hold afterwards."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random, SystemRandom

import msgspec

from local_stack.addresses import Addresses
from local_stack.local import LocalStack
from local_stack.ports import free_ports
from tests.chaos import aftermath, learning, older_aof
from tests.chaos.finding import Finding
from tests.chaos.strikes import Storm, Strike, TrainerProcess, Worker
from tests.chaos.traffic import Producer
from tests.integration.feed import prepare
from tests.integration.place import Place, eventually

_SESSION_TIMEOUT_S = 6
_AFTER_S = 3.0
_PATIENCE_S = 300.0


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried."""

    seed: int
    kills: int
    freezes: int
    rate: int = 300
    """Records a second."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, and what held."""

    trial: Trial
    passed: bool
    sent: dict[str, int]
    strikes: list[Strike]
    findings: list[Finding]
    seconds: float


def run(trial: Trial, folder: Path, say: Callable[[str], None]) -> Report:
    """Start a stack of its own in `folder`, try, and stop everything again.

    Raises:
        StackError: there is no Kafka or Redis to be had.
    """
    begun = time.monotonic()
    random = Random(trial.seed)
    # ports by real chance: a client left over from a trial of the same seed must not meet this one's servers
    stack = LocalStack(folder / "stack", SystemRandom(), lambda _: None)
    with ExitStack() as ending:
        for part in stack.parts.values():
            part.start()
            ending.callback(part.kill)
        place = Place(
            folder / "home",
            Addresses(stack.address("kafka"), stack.address("redis"), "chaos"),
            "chaos",
            session_timeout=_SESSION_TIMEOUT_S,
            max_poll_records=500,
            horizon_days=1,  # so that outcomes fall due within the storm
            trainer=True,
            trainer_metrics_port=free_ports(1, SystemRandom())[0],
            checkpoint_interval=1,
            publish_examples=50,
            publish_days=1,
        )
        topic_id = prepare(place)
        learning.give_orders(place)
        storm, producer, findings = _storm(trial, stack, place, random, say)
        say("the topics are learned once more, in one go")
        findings += learning.account(place, topic_id)
        findings += _refusals(place, say)
        sent = {str(kind): n for kind, n in producer.sent.items()}
    return Report(
        trial=trial,
        passed=all(f.holds for f in findings),
        sent=sent,
        strikes=storm.strikes,
        findings=findings,
        seconds=time.monotonic() - begun,
    )


def _storm(
    trial: Trial,
    stack: LocalStack,
    place: Place,
    random: Random,
    say: Callable[[str], None],
) -> tuple[Storm, Producer, list[Finding]]:
    kept = place.home / "older-aof"
    with ExitStack() as working:
        ports = free_ports(2, SystemRandom())
        workers = [
            Worker(working.enter_context(place.worker(number, metrics_port=port)), port)
            for number, port in enumerate(ports)
        ]
        port = int(str(place.settings["trainer_metrics_port"]))
        trainer = TrainerProcess(working.enter_context(place.trainer()), port)
        producer = Producer(place, trial.seed, trial.rate)
        producer.start()
        working.callback(producer.abandon)
        storm = Storm(stack, place, workers, trainer.running, random)
        storm.breathe()
        have_older = False
        deck = storm.deal(trial.kills, trial.freezes)
        for number, kind in enumerate(deck, start=1):
            strike = storm.strike(kind)
            say(f"{number}/{len(deck)} {strike.kind}: {strike.note}")
            storm.breathe()
            producer.check()
            if not have_older and 2 * number >= len(deck):
                have_older = older_aof.keep(stack.redis.dir, kept)
        time.sleep(_AFTER_S)
        # how much is learned within a storm depends on the machine: it goes on until there is something to compare
        eventually("versions are published", lambda: learning.several_published(place), _PATIENCE_S)
        producer.stop()
        say("the storm is over; waiting until all is read")
        place.ebbwatch("wait", "--timeout", _PATIENCE_S)
        findings = aftermath.account(place, producer.sent)
        say("an older append-only file is put back")
        findings += [Finding("an older append-only file was kept", have_older, str(kept))]
        findings += aftermath.put_back_older(stack, place, kept, random)
        codes = [worker.running.stop() for worker in workers]
        findings += [Finding("the workers end cleanly", codes == [0, 0], str(codes))]
        place.ebbwatch("wait", "--timeout", _PATIENCE_S)  # the trainer's port tells what it knew a moment ago
        eventually("the trainer has read all", lambda: trainer.lag() == 0, _PATIENCE_S)
        code = trainer.running.stop()
        findings += [Finding("the trainer ends cleanly", code == 0, str(code))]
        findings += aftermath.account(place, producer.sent)
    return storm, producer, findings


def _refusals(place: Place, say: Callable[[str], None]) -> list[Finding]:
    say("what must be refused")
    return [*aftermath.refuse_other_settings(place), *aftermath.refuse_missing_beginning(place)]
