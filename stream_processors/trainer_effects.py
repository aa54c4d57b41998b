"""Carries out what training wants: versions into the registry, tables into the ledger, records to Kafka.

While one of them is away, it waits and tries again: training stands still, the health says why, what was published
before goes on serving, and nothing is left out. Doing a thing twice, as after a crash, changes nothing.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from confluent_kafka import KafkaException, Producer

from connections.kafka import librdkafka
from domain.labels import delay_ms
from online_model.ledger.ledger import Ledger, LedgerError
from online_model.loading import part_of
from online_model.quality.published import KEY, Published
from online_model.quality.published import encode as encode_judgement
from online_model.refitted.candidates import candidates, contestant
from online_model.refitted.frozen import Frozen
from online_model.registry.announcement import Announcement, encode, share_of
from online_model.registry.errors import NotThereError, StorageError, UnknownVersionError
from online_model.registry.registry import Registry
from online_model.registry.retention import protect, prune
from online_model.registry.version import Version
from online_model.risk import Part
from online_model.training.effects import (
    Announce,
    Dated,
    Decided,
    Drifted,
    Effect,
    LedgerDay,
    Publish,
    Refused,
)
from online_model.training.logged_decision import LoggedDecision
from online_model.training.orders import encode as encode_order
from stream_processors.health import Health
from stream_processors.trainer_config import TrainerConfig
from stream_processors.trainer_metrics import TrainerMetrics

log = logging.getLogger("ebbwatch.trainer")

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
_FLUSH_S: Final = 10.0
_KEPT_VERSIONS: Final = 20
CHAMPION_ROLE: Final = "champion"

_T = TypeVar("_T")


class StoppedError(Exception):
    """The process was told to end while it waited."""


class Outside:
    """Registry, ledger and topics of one trainer. A context manager."""

    def __init__(
        self,
        config: TrainerConfig,
        health: Health,
        metrics: TrainerMetrics,
        stopping: Callable[[], bool],
    ) -> None:
        """
        Args:
            stopping: whether the process is to end.

        Raises:
            StorageError: no such kind of address for the registry.
        """
        self._config = config
        self._health = health
        self._metrics = metrics
        self._stopping = stopping
        self._registry = Registry(config.registry, config.key.encode())
        self._candidates = candidates(config.registry, config.key.encode())
        self._ledger = Ledger(Path(config.archive), config.lineage)
        self._announced: set[str] = set()
        self._undelivered: list[str] = []
        self._producer = Producer(
            {
                **librdkafka(config.kafka),
                "acks": "all",
                "enable.idempotence": True,
                "delivery.timeout.ms": 2_147_483_647,
                "linger.ms": 5,
            }
        )

    def __enter__(self) -> "Outside":
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.purge()
        self._producer.flush(1.0)

    def carry_out(self, effect: Effect) -> None:
        """Do what is wanted, however long it takes.

        Raises:
            StoppedError: it is not done.
        """
        match effect:
            case Publish():
                self._until("registry", StorageError, lambda: self._publish(effect))
            case Announce():
                self._until("registry", StorageError, lambda: self._announce(effect))
            case LedgerDay():
                table = effect.table(delay_ms(self._config.facts), self._config.thresholds)
                self._until("ledger", LedgerError, lambda: self._ledger.write_day(effect.day, table))
            case Dated():
                self._send(self._config.command_topic, b"", encode_order(effect.order))
                self.settle()
            case Decided():
                self._tell(effect.number, effect.decision)
                self._metrics.decided(effect.decision, time.time())
            case Drifted():
                self._tell(effect.number, effect.finding._asdict())
                self._metrics.drifts.labels(effect.finding.cause).inc()
            case Refused():
                self._tell(effect.number, {"refused": effect.order, "reason": effect.reason})

    def judged(self, published: Published) -> None:
        """Tell how good the contestants are."""
        self._send(self._config.model_topic, KEY, encode_judgement(published))

    def load(self, version: str) -> Part:
        """A version of the registry, to serve everybody.

        Raises:
            RefusedError: it may not serve.
            StoppedError: it is not loaded.
        """
        found = self._until(
            "registry", StorageError, lambda: self._registry.load(version, self._config.lineage)
        )
        return part_of(found, 1.0)

    def load_candidate(self, version: str, at_ms: int) -> Frozen:
        """A refitted model that enters the tournament at an event time.

        Raises:
            RefusedError: it may not.
            StoppedError: it is not loaded.
        """
        return contestant(self._until("registry", StorageError, lambda: self._candidate(version)), at_ms)

    def _candidate(self, version: str) -> Version:
        try:
            return self._candidates.load(version, self._config.lineage)
        except NotThereError as fault:  # no batch job has made one here, and none will while we wait
            raise UnknownVersionError(f"version {version}: {fault}") from fault

    def settle(self) -> None:
        """Wait until Kafka has all that was sent: a checkpoint may follow.

        Raises:
            StoppedError: it has not.
        """
        self._until("kafka", KafkaException, self._flush)

    def _publish(self, effect: Publish) -> None:
        self._registry.prepare()
        manifest = self._registry.publish(effect.training, effect.arrays, effect.learner)
        if manifest.version != effect.version:
            raise RuntimeError(
                f"version {effect.version} became {manifest.version} on its way to the registry"
            )
        self._metrics.published(effect.training.name)
        log.info(
            "published %s: %s, %s examples", manifest.version, effect.training.name, effect.training.examples
        )

    def _announce(self, effect: Announce) -> None:
        shares = []
        for part in effect.parts:
            protect(self._registry, part.version, "champion")
            shares.append(share_of(self._registry.manifest(part.version), part.share))
        key, value = encode(
            Announcement(
                role=CHAMPION_ROLE,
                lineage=self._config.lineage,
                address=self._config.registry,
                shares=tuple(shares),
                decided_ms=effect.at_ms,
                reason=effect.reason,
                thresholds=effect.thresholds,
            )
        )
        self._send(self._config.model_topic, key, value)
        self._announced |= {part.version for part in effect.parts}
        prune(self._registry, _KEPT_VERSIONS, self._announced)

    def _tell(self, number: int, found: Any) -> None:
        record = LoggedDecision(lineage=self._config.lineage, number=number, decision=found)
        key = f"{self._config.lineage} {number}".encode()
        self._send(self._config.decision_topic, key, msgspec.json.encode(record))

    def _send(self, topic: str, key: bytes, value: bytes) -> None:
        self._producer.produce(topic, value=value, key=key, partition=0, on_delivery=self._delivered)
        self._producer.poll(0)

    def _delivered(self, fault: Any, _message: Any) -> None:
        if fault is not None:
            self._undelivered.append(str(fault))

    def _flush(self) -> None:
        left = self._producer.flush(_FLUSH_S)
        if self._undelivered:
            raise RuntimeError(f"Kafka refuses a record of the trainer: {self._undelivered[0]}")
        if left:
            raise KafkaException(f"{left} records are on their way")

    def _until(self, service: str, away: type[Exception], call: Callable[[], _T]) -> _T:
        pause = _FIRST_PAUSE_S
        while True:
            try:
                done = call()
            except away as fault:
                log.warning("waiting for the %s: %s", service, fault)
                self._health.waiting(service, f"{type(fault).__name__}: {fault}")
                self._metrics.waits.labels(service).inc()
            else:
                self._health.well(service)
                return done
            if self._stopping():
                raise StoppedError(service)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
