"""The notifier's process: ``python -m stream_processors.notifier``, one for a deployment, started by the supervisor.

It projects the topic `control` into Redis, in its order.
"""

import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, TopicPartition
from redis.exceptions import RedisError

from control.effects import effects, removal
from control.projection import LostProjectionError, Projection
from domain.control import ControlError, decode
from feature_store.connect import connect
from stream_processors.config import EXIT_LOST
from stream_processors.forgetting import Forgetting
from stream_processors.notifier_config import NotifierConfig, from_environment

log = logging.getLogger("ebbwatch.notifier")

_POLL_S: Final = 0.05


class Notifier:
    """One run of the process."""

    def __init__(self, config: NotifierConfig) -> None:
        self._config = config
        self._stopping = threading.Event()
        self._store = connect(config.redis)
        self._consumer = Consumer(
            {
                "bootstrap.servers": config.kafka,
                "group.id": "ebbwatch-notifier",  # required, and never committed to: the position is in Redis
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
            }
        )

    def stop(self, *_: object) -> None:
        """Come to an end; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> int:
        """Until told to stop; returns the exit code."""
        try:
            projection = Projection(self._store, self._config.control_id)
            self._consumer.assign([TopicPartition(self._config.control_topic, 0, projection.offset)])
            with Forgetting(self._config.redis, Path(self._config.archive)):
                while not self._stopping.is_set():
                    self._project(projection)
        except (LostProjectionError, RedisError, OSError) as fault:
            log.warning("lost: %s", fault)
            return EXIT_LOST
        finally:
            self._consumer.close()
        return 0

    def _project(self, projection: Projection) -> None:
        message = self._consumer.poll(_POLL_S)
        if message is None:
            return
        if (error := message.error()) is not None:
            log.warning("control: %s", error.str())
            return
        key, value, offset = message.key() or b"", message.value(), message.offset()
        assert offset is not None
        try:
            commands = removal(key) if value is None else effects(decode(value))
        except ControlError as fault:
            log.error("control, offset %s, is skipped: %s", offset, fault)  # noqa: TRY400 no bug of ours
            commands = []
        projection.apply(offset, commands)


def main() -> int:
    """Run until told to stop; returns the exit code."""
    notifier = Notifier(from_environment())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, notifier.stop)
    return notifier.run()


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    sys.exit(main())
