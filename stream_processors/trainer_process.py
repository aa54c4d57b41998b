"""What the trainer's process does from its start to its end.

Reads the topics of snapshots and outcomes in the order of event time, trains, carries out what follows, and keeps a
checkpoint. Killed at any moment, it goes on from the checkpoint and comes to the same models.
"""

import logging
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException
from prometheus_client import REGISTRY

from online_model.quality.published import Published, concise
from online_model.training.merge import TOPICS, Topic
from online_model.training.orders import Order, OrderError, decode, unanswered
from online_model.training.trainer import Trainer
from online_model.training.training import Plan
from stream_processors.health import Health, serve
from stream_processors.trainer_config import TrainerConfig, group_of
from stream_processors.trainer_effects import Outside, StoppedError
from stream_processors.trainer_metrics import TrainerMetrics
from stream_processors.trainer_topics import Tail

log = logging.getLogger("ebbwatch.trainer")

_WAIT_S: Final = 0.2
_LOOK_S: Final = 2.0
_JUDGE_S: Final = 30.0


class Process:
    """Wires topics, training, and the world outside together."""

    def __init__(self, config: TrainerConfig) -> None:
        self._config = config
        self._health = Health()
        self._metrics = TrainerMetrics(REGISTRY, config.restarts)
        self._stopping = False
        self._ends: dict[Topic, int] = {}

    def stop(self, *_: Any) -> None:
        """Keep a checkpoint and end; safe in a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Until `stop`, or until all is read, if the configuration says so.

        Raises:
            CheckpointError: there is a checkpoint of other settings, or a damaged one.
            CutTopicError: a topic does not reach on from where training stands.
        """
        config = self._config
        server = serve(config.metrics_host, config.metrics_port, REGISTRY, self._health)
        log.info("metrics and health on http://%s:%s", *server.server_address[:2])
        plan = Plan(
            lineage=config.lineage,
            facts=config.facts,
            contestants=config.contestants,
            seed=config.seed,
            publish_examples=config.publish_examples,
            publish_days=config.publish_days,
        )
        with ExitStack() as stack:
            outside = stack.enter_context(
                Outside(config, self._health, self._metrics, lambda: self._stopping)
            )
            folder = Path(config.folder) / config.lineage
            trainer = Trainer(
                plan,
                config.partitions,
                folder,
                config.key.encode(),
                outside.load,
                config.tier_shares,
                outside.load_candidate,
            )
            stack.callback(trainer.close)
            self._metrics.counted(trainer.training.counts + trainer.merge.skipped)
            tails = {topic: stack.enter_context(self._tail(topic, trainer.resume(topic))) for topic in TOPICS}
            orders = stack.enter_context(
                Tail(
                    config.kafka,
                    config.command_topic,
                    trainer.extra or 0,
                    self._kafka_away,
                    group_of(config.lineage),
                )
            )
            try:
                for tail in (*tails.values(), orders):
                    self._begin(tail)
                self._catch_up(trainer, outside, orders)
                self._follow(trainer, outside, tails, orders)
                self._judge(trainer, outside)
                self._keep(trainer, outside)
            except StoppedError as waiting:
                log.warning(
                    "ended while the %s was away; what follows the last checkpoint is done again", waiting
                )

    def _tail(self, topic: Topic, start: int) -> Tail:
        config = self._config
        name = config.snapshot_topic if topic == "snapshots" else config.outcome_topic
        return Tail(config.kafka, name, start, self._kafka_away, group_of(config.lineage))

    def _begin(self, tail: Tail) -> None:
        while True:
            try:
                tail.begin()
            except KafkaException as fault:
                self._away(fault)
            else:
                return
            if self._stopping:
                raise StoppedError("kafka")
            time.sleep(_WAIT_S)

    def _catch_up(self, trainer: Trainer, outside: Outside, orders: Tail) -> None:
        """Read all orders that were given before, ere event time goes on past the moments that they name.

        Among them are the trainer's own answers, so that it names no second time where it has named one.
        """
        end, waiting = self._end_of(orders), []
        while orders.position < end:
            waiting += self._orders(orders, _WAIT_S)
            if self._stopping:
                raise StoppedError("kafka")
        for order in unanswered(waiting):
            for effect in trainer.order(order):
                outside.carry_out(effect)
        trainer.extra = orders.position

    def _end_of(self, tail: Tail) -> int:
        while True:
            try:
                return tail.end()
            except KafkaException as fault:
                self._away(fault)
            if self._stopping:
                raise StoppedError("kafka")
            time.sleep(_WAIT_S)

    def _follow(self, trainer: Trainer, outside: Outside, tails: dict[Topic, Tail], orders: Tail) -> None:
        looked = judged = float("-inf")
        kept = time.monotonic()
        while not self._stopping:
            # the topic that is behind first: the other one's blocks would only wait for it
            first, second = sorted(TOPICS, key=trainer.merge.frontier_of)
            read = self._read(trainer, first, tails[first], 0.0)
            if not read:
                read = self._read(trainer, second, tails[second], _WAIT_S / 2)
            for effect in trainer.advance():
                outside.carry_out(effect)
            if self._obey(trainer, outside, orders):
                judged = float("-inf")  # who has given an order looks at what came of it
            now = time.monotonic()
            if now - looked > _LOOK_S or (self._config.until_idle and not read):
                looked = now
                idle = self._look(trainer, tails)
                if idle and self._config.until_idle:
                    return
            if now - judged > _JUDGE_S:
                judged = now
                self._judge(trainer, outside)
            if now - kept > self._config.checkpoint_s:
                self._keep(trainer, outside)
                kept = time.monotonic()

    def _read(self, trainer: Trainer, topic: Topic, tail: Tail, wait_s: float) -> bool:
        records = tail.take(wait_s)
        for record in records:
            trainer.add_record(topic, record.offset, record.value)
        return bool(records)

    def _obey(self, trainer: Trainer, outside: Outside, orders: Tail) -> bool:
        """Returns whether there was anything to obey."""
        found = self._orders(orders, 0.0)
        for order in found:
            for effect in trainer.order(order):
                outside.carry_out(effect)
        trainer.extra = orders.position
        return bool(found)

    def _orders(self, tail: Tail, wait_s: float) -> list[Order]:
        """The next ones, without what is none."""
        found = []
        for record in tail.take(wait_s):
            try:
                found.append(decode(record.value))
            except OrderError as fault:
                log.warning("%s, offset %s of %s", fault, record.offset, self._config.command_topic)
        return found

    def _keep(self, trainer: Trainer, outside: Outside) -> None:
        outside.settle()
        trainer.checkpoint()
        self._metrics.checkpoint.set_to_current_time()

    def _look(self, trainer: Trainer, tails: dict[Topic, Tail]) -> bool:
        """Measure the lag; returns whether everything there is has been read."""
        try:
            lags = {topic: max(0, tail.end() - tail.position) for topic, tail in tails.items()}
        except KafkaException as fault:
            self._away(fault)
            return False
        self._health.well("kafka")
        for tail in tails.values():
            tail.commit()  # for those who measure the lag; the checkpoint says where training goes on
        for topic, lag in lags.items():
            self._metrics.lag.labels(topic).set(lag)
        training = trainer.training
        self._metrics.counted(training.counts + trainer.merge.skipped)
        self._metrics.learned.show({(name,): n for name, n in training.lineup.learned().items()})
        self._metrics.size.show({(name,): size for name, size in training.lineup.sizes().items()})
        self._metrics.champion.show({(name,): s for name, s in training.court.serving.shares.items()})
        self._metrics.serving.show(
            {(part.contestant, part.version): 1 for part in training.court.serving.announced()}
        )
        self._metrics.judged.compared(training.drift.compared)
        self._metrics.waiting.set(training.waiting)
        self._metrics.clock.set(max(0, trainer.merge.done_ms) / 1000)
        return not any(lags.values())

    def _judge(self, trainer: Trainer, outside: Outside) -> None:
        training = trainer.training
        saving = training.saving.saving()
        contact = saving.applied(self._config.contact)
        tournament = training.court.tournament
        thresholds = training.court.serving.thresholds or self._config.thresholds
        report = training.quality.summary(contact=contact, thresholds=thresholds)
        if not report.settled:
            return
        present = {
            name: report.contestants[name] for name in training.lineup.names if name in report.contestants
        }
        self._metrics.judged.judged(present, tournament.champion)
        self._metrics.at.set(max(0, trainer.merge.done_ms) / 1000)
        outside.judged(
            Published(
                lineage=self._config.lineage,
                at_ms=max(0, trainer.merge.done_ms),
                champion=tournament.champion,
                predecessor=tournament.predecessor,
                pinned=tournament.pinned,
                pinned_version=tournament.version,
                vetoed=tuple(sorted(tournament.vetoed)),
                thresholds=thresholds,
                contact=contact,
                saving=saving,
                learned=training.lineup.learned(),
                report=concise(report),
            )
        )

    def _away(self, fault: Exception) -> None:
        self._kafka_away(str(fault))
        self._metrics.waits.labels("kafka").inc()

    def _kafka_away(self, why: str) -> None:
        self._health.waiting("kafka", why)
