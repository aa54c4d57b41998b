"""Kafka and Redis of one stack as local processes."""

from pathlib import Path
from random import Random

from local_stack.kafka.broker import KafkaBroker
from local_stack.part import Part, Progress
from local_stack.ports import HOST
from local_stack.redis.server import RedisServer


class LocalStack:
    """The two servers of one stack, each to be started, stopped, killed, suspended and resumed alone."""

    def __init__(self, folder: Path, random: Random, progress: Progress) -> None:
        self.folder = folder
        self.kafka = KafkaBroker(folder / "kafka", random, progress)
        self.redis = RedisServer(folder / "redis", random, progress)

    @property
    def parts(self) -> dict[str, Part]:
        """Both servers by name."""
        return {"kafka": self.kafka, "redis": self.redis}

    def address(self, part: str) -> str:
        """How clients reach the ``kafka`` or the ``redis`` part.

        Raises:
            StackError: the part was never started.
        """
        return f"{HOST}:{self.kafka.port}" if part == "kafka" else self.redis.url
