"""What must hold of the model when the storm is over: a trainer that nothing befell would be where this one is."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import numpy.typing as npt

from control.log import Log
from domain.labels import Outcomes, Snapshots, decode, delay_ms, lineage_of
from ebbwatch.settings import Settings
from online_model.ledger.ledger import Ledger, milliseconds
from online_model.registry.key import registry_key
from online_model.registry.registry import MANIFEST, Registry
from online_model.tiers import Thresholds
from online_model.tournament.decision import Command
from online_model.training.effects import Announce, Decided, Drifted, Effect, LedgerDay, Publish, Refused
from online_model.training.logged_decision import LoggedDecision
from online_model.training.merge import TOPICS, Topic
from online_model.training.orders import Order, encode
from online_model.training.trainer import Trainer
from online_model.training.training import Plan
from producers.publish import Publisher
from tests.chaos.finding import Finding
from tests.chaos.plain import differences
from tests.integration.feed import DAY, START
from tests.integration.place import Place

_SHOWN: Final = 3
_SEVERAL: Final = 2

Arrays = dict[str, npt.NDArray[Any]]


ORDERS: Final = tuple(
    Order(id=f"order {day}", at_ms=START + day * DAY, command=command)
    for day, command in (
        (4, Command(kind="promote", name="logistic")),
        (7, Command(kind="promote", name="recursive")),
        (9, Command(kind="roll_back")),
        (10, Command(kind="promote", name="nobody")),
        (12, Command(kind="promote", name="mean")),
    )
)
"""Given before the storm, each for a moment within it: what follows must not depend on how often they are read."""


def give_orders(place: Place) -> None:
    """To the trainer, before it runs."""
    topic = str(place.settings["command_topic"])
    with Publisher(place.at.kafka, topic, 1) as publisher:
        for order in ORDERS:
            publisher.send(order.id.encode(), encode(order))


class InOneGo:
    """A trainer in memory that reads the two topics once, and what it wants done outside."""

    def __init__(self, plan: Plan, partitions: int, archive: Path) -> None:
        self.trainer = Trainer(plan, partitions)
        self.ledger = Ledger(archive, plan.lineage)
        self.decisions: dict[int, Any] = {}
        self.scorers: dict[str, Arrays] = {}
        self.announced: list[list[str]] = []
        """Ids of the versions that serve, in the order of the announcements."""
        self._delay = delay_ms(plan.facts)

    def read(self, topics: dict[Topic, list[bytes]]) -> None:
        """All records of both topics, after the orders."""
        for order in ORDERS:
            for effect in self.trainer.order(order):
                self._carry_out(effect)
        for topic in TOPICS:
            for offset, value in enumerate(topics[topic]):
                self.trainer.add_record(topic, offset, value)
        for effect in self.trainer.advance():
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case LedgerDay():
                self.ledger.write_day(effect.day, effect.table(self._delay, Thresholds()))
            case Decided():
                self._decided(effect.number, effect.decision)
            case Drifted():
                self._decided(effect.number, effect.finding._asdict())
            case Refused():
                self._decided(effect.number, {"refused": effect.order, "reason": effect.reason})
            case Publish():
                self.scorers[effect.version] = {name: a.copy() for name, a in effect.arrays.items()}
            case Announce():
                self.announced.append([part.version for part in effect.parts])

    def _decided(self, number: int, decision: Any) -> None:
        self.decisions[number] = json.loads(msgspec.json.encode(decision))


def several_published(place: Place) -> bool:
    """Whether the trainer has published as many versions as it takes to tell something."""
    return len(list((place.home / "registry").glob(f"*/{MANIFEST}"))) >= _SEVERAL


def account(place: Place, topic_id: str) -> list[Finding]:
    """Hold checkpoint, ledger, registry and decisions of the trainer, which has ended, against one go."""
    settings = Settings.model_validate(place.settings)
    plan = Plan(
        lineage=lineage_of(settings.facts(), topic_id),
        facts=settings.facts(),
        contestants=settings.contestants,
        seed=settings.model_seed,
        publish_examples=settings.publish_examples,
        publish_days=settings.publish_days,
    )
    topics: dict[Topic, list[bytes]] = {
        "snapshots": _values(place, settings.snapshot_topic),
        "outcomes": _values(place, settings.outcome_topic),
    }
    key = registry_key(settings.home, settings.registry_key, create=False)
    with TemporaryDirectory() as folder:
        whole = InOneGo(plan, place.partitions, Path(folder))
        whole.read(topics)
        trainer = Trainer(plan, place.partitions, settings.home / "training" / plan.lineage, key)
        ledger = Ledger(settings.archive or settings.home / "archive", plan.lineage)
        try:
            return [
                _same_state(trainer, whole.trainer),
                _same_ledger(ledger, whole.ledger),
                _every_example_once(ledger, whole.trainer, topics, plan),
                _same_decisions(_values(place, settings.decision_topic), whole.decisions),
                _same_versions(
                    Registry(str(settings.home.absolute() / "registry"), key), plan.lineage, whole
                ),
            ]
        finally:
            trainer.close()


def _values(place: Place, topic: str) -> list[bytes]:
    with Log(place.at.kafka, topic) as log:
        bounds = log.bounds(0)
        return [record.value or b"" for record in log.read(0, 0, bounds.end)]


def _same_state(found: Trainer, expected: Trainer) -> Finding:
    """Learners, quality, drift, tournament, what waits, to the bit."""
    wrong = list(differences(found.training.state(), expected.training.state()))
    if found.training.waiting != expected.training.waiting:
        wrong.append(f"{found.training.waiting} snapshots wait, not {expected.training.waiting}")
    counts = expected.training.counts
    learned = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in sorted(counts.items()))
    return _finding(
        "models, quality and tournament are those of one go",
        wrong,
        f"{len(expected.training.lineup.names)} contestants; {learned}",
        counts["learned"] > 0,
    )


def _same_ledger(found: Ledger, expected: Ledger) -> Finding:
    wrong = [] if found.days() == expected.days() else [f"days {found.days()}, not {expected.days()}"]
    # the same rows give the same file
    wrong += [
        found.path(day).name
        for day in expected.days()
        if not found.path(day).exists() or found.path(day).read_bytes() != expected.path(day).read_bytes()
    ]
    return _finding(
        "the ledger's files are those of one go", wrong, f"{len(expected.days())} days", bool(expected.days())
    )


def _every_example_once(
    ledger: Ledger, trainer: Trainer, topics: dict[Topic, list[bytes]], plan: Plan
) -> Finding:
    """The topics are those of the oracle; each item of theirs is in the ledger once, up to the day under way."""
    taken = {(user, time) for user, time, _ in _items(topics["snapshots"], plan)}
    days = (trainer.merge.done_ms + 1) // DAY
    wanted = {
        (user, time, due)
        for user, time, due in _items(topics["outcomes"], plan)
        if (user, time) in taken and due // DAY < days
    }
    rows = ledger.read(["user", "time", "due"])
    has = list(
        zip(
            rows["user"].to_pylist(),
            milliseconds(rows["time"]).tolist(),
            milliseconds(rows["due"]).tolist(),
            strict=True,
        )
    )
    wrong = [f"{len(has) - len(set(has))} rows twice"] if len(has) > len(set(has)) else []
    wrong += [f"{row} is missing" for row in sorted(wanted - set(has))]
    wrong += [f"{row} is in no topic" for row in sorted(set(has) - wanted)]
    return _finding("every example is in the ledger, once", wrong, f"{len(has):,} rows", len(has) > 0)


def _items(values: list[bytes], plan: Plan) -> Iterator[tuple[str, int, int]]:
    """User, time and due time (ms) of each item of the lineage, repeats too."""
    for value in values:
        block: Snapshots | Outcomes = decode(value)
        if block.lineage == plan.lineage:
            for user, time in zip(block.users, block.times.tolist(), strict=True):
                yield user, time, time + delay_ms(plan.facts)


def _same_decisions(values: list[bytes], expected: dict[int, Any]) -> Finding:
    said: dict[int, Any] = {}
    wrong = []
    for value in values:
        record = msgspec.json.decode(value, type=LoggedDecision)
        if said.setdefault(record.number, record.decision) != record.decision:
            wrong.append(f"decision {record.number} was told in two ways")
    wrong += [
        f"decision {number}: {said.get(number)}, not {expected.get(number)}"
        for number in sorted(said.keys() | expected.keys())
        if said.get(number) != expected.get(number)
    ]
    if list(said) != sorted(said):
        wrong.append("a decision was told before an earlier one")
    repeats = len(values) - len(said)
    return _finding(
        "decisions are those of one go",
        wrong,
        f"{len(expected)}, {repeats} of them told again",
        bool(expected),
    )


def _same_versions(registry: Registry, lineage: str, whole: InOneGo) -> Finding:
    """Those that are kept; older ones are given up in time."""
    kept = registry.versions()
    wrong = [f"{version} was not to be published" for version in kept if version not in whole.scorers]
    serving = whole.announced[-1] if whole.announced else []
    wrong += [f"{version} serves, and is not there" for version in serving if version not in kept]
    for version in set(kept) & whole.scorers.keys():
        found = registry.load(version, lineage).arrays()
        wrong += differences(found, whole.scorers[version], version)
    return _finding(
        "versions are those of one go",
        wrong,
        f"{len(kept)} kept of {len(whole.scorers)}",
        len(whole.scorers) >= _SEVERAL,
    )


def _finding(what: str, wrong: Sequence[str], detail: str, something: bool) -> Finding:
    if not something:
        return Finding(what, False, f"the storm was too short to tell: {detail}")
    more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
    return Finding(what, not wrong, "; ".join([detail, *wrong[:_SHOWN], *more]))
