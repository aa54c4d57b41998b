"""The notifier's process: ``python -m stream_processors.notifier``, one for a deployment, started by the supervisor.

It projects the topic `control` into Redis, in its order, and decides on the alerts of `risk-alerts`: which are handed
out, and when. Each decision is a record of `control` first; what readers see comes from its projection.
"""

import logging
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final, cast

import msgspec
from prometheus_client import CollectorRegistry
from redis.exceptions import RedisError

from connections import refusals
from control import tables
from control.projection import LostProjectionError, Projection, Reached
from control.writing import ControlAwayError, ControlWriter
from domain.alerts import Alert
from feature_store.connect import connect
from logs.beginning import begin
from stream_processors.chores import Chores
from stream_processors.config import EXIT_LOST, EXIT_REFUSED
from stream_processors.desk import Desk
from stream_processors.forgetting import Forgetting
from stream_processors.health import Health, serve
from stream_processors.market import MarketWatch
from stream_processors.notifier_config import NotifierConfig, from_environment
from stream_processors.notifier_metrics import NotifierMetrics, states
from stream_processors.projecting import Projector
from stream_processors.tail import Tail, Taken
from stream_processors.treatment import Treatments

log = logging.getLogger("ebbwatch.notifier")

_POLL_S: Final = 0.05
_LOOK_S: Final = 0.5
_AT_ONCE: Final = 500


class Notifier:
    """One run of the process."""

    def __init__(self, config: NotifierConfig) -> None:
        self._config = config
        self._stopping = threading.Event()
        self._store = connect(config.redis)
        self._control = ControlWriter(config.kafka, config.control_topic)
        self._desk = Desk(self._store, self._control, config.triage, config.public_url)
        self._market = MarketWatch(config, self._store)
        self._registry = CollectorRegistry()
        self._metrics = NotifierMetrics(self._registry, config.restarts)

    def stop(self, *_: object) -> None:
        """Come to an end; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> int:
        """Until told to stop; returns the exit code."""
        config = self._config
        port = serve(config.metrics_host, config.metrics_port, self._registry, Health())
        log.info("metrics and health on %s:%s", config.metrics_host, port.server_port)
        try:
            projection = Projection(self._store, config.control_id)
            control = Tail(config.kafka, config.control_topic, projection.offset)
            alerts = Tail(config.kafka, config.alert_topic, self._alerts_read())
            projector = Projector(
                self._store,
                projection,
                control,
                Treatments(config.kafka, self._store).send,
                self._metrics,
            )
            self._metrics.standing(states(self._store))
            if self._to_end(projector):
                with Chores(config, self._control), Forgetting(config.redis, Path(config.archive)):
                    self._follow(projector, alerts)
        except (LostProjectionError, ControlAwayError, RedisError, OSError) as fault:
            if refusal := refusals.of_redis(fault):
                log.error("refused: %s", refusal)  # noqa: TRY400 - the message says it all
                return EXIT_REFUSED
            log.warning("lost: %s", fault)
            return EXIT_LOST
        finally:
            port.shutdown()
        return 0

    def _follow(self, projector: Projector, alerts: Tail) -> None:
        looked = 0.0
        while not self._stopping.is_set():
            projector.project(_POLL_S)
            taken = alerts.take(_AT_ONCE, 0.0)
            if not taken and time.monotonic() - looked < _LOOK_S:
                continue
            if not self._to_end(projector):  # who decides must know all that was decided
                return
            now = int(time.time() * 1000)
            if taken:
                projector.check()  # before an emptied store every alert would be a new one
                self._desk.take_in(_alerts(taken), now, self._market.now())
                self._remember(alerts.offset)
                if not self._to_end(projector):
                    return
            self._metrics.lag.labels("risk-alerts").set(alerts.behind())
            self._desk.look(now, self._market.now())
            looked = time.monotonic()

    def _to_end(self, projector: Projector) -> bool:
        """Whether it was reached: not if told to stop."""
        while not projector.at_end():
            if self._stopping.is_set():
                return False
            projector.project(_POLL_S)
        return not self._stopping.is_set()

    def _alerts_read(self) -> int:
        """Offset of the next record of `risk-alerts`; that of another topic counts nothing."""
        stored = cast("bytes | None", self._store.get(tables.ALERTS_READ))
        if stored is None:
            return 0
        reached = Reached(**msgspec.json.decode(stored))
        return reached.offset if reached.topic_id == self._config.alert_id else 0

    def _remember(self, offset: int) -> None:
        """Without a fence: what is read again is known by its id."""
        reached = {"topic_id": self._config.alert_id, "offset": offset}
        self._store.set(tables.ALERTS_READ, msgspec.json.encode(reached))


def _alerts(taken: list[Taken]) -> list[Alert]:
    found = []
    for one in taken:
        try:
            found.append(msgspec.json.decode(one.value or b"", type=Alert))
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            log.error("risk-alerts, offset %s, is skipped: %s", one.offset, fault)  # noqa: TRY400 no bug of ours
    return found


def main() -> int:
    """Run until told to stop; returns the exit code."""
    notifier = Notifier(from_environment())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, notifier.stop)
    return notifier.run()


if __name__ == "__main__":
    begin("notifier")
    sys.exit(main())
