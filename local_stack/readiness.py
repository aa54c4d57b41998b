"""Whether Kafka and Redis do their work now, asked in their own protocols."""

import time
from collections.abc import Callable
from typing import Final

import redis

from connections import refusals
from connections.knock import kafka_answers
from connections.redis import apart, shown
from local_stack.addresses import Addresses
from local_stack.errors import StackError

POLL_SECONDS: Final = 0.02


def redis_answers(url: str) -> bool:
    """PING is answered; not while Redis still loads its append-only file. At most 1 s.

    Raises:
        StackError: that is no Redis URL.
        AccessError: it does not let us in.
    """
    try:
        client = redis.Redis.from_url(apart(url)[0], socket_timeout=1.0, socket_connect_timeout=1.0)
    except ValueError as error:
        raise StackError(
            f"{shown(url)!r} is not the URL of a Redis, like redis://host:6379/0: {error}"
        ) from error
    try:
        return bool(client.ping())
    except redis.RedisError as fault:
        if refusal := refusals.of_redis(fault):
            raise refusal from fault
        return False
    finally:
        client.close()


def await_ready(addresses: Addresses, *, seconds: float) -> None:
    """Waits until both answer.

    Raises:
        StackError: one does not within `seconds`; the text names it.
    """
    _await("Kafka", addresses.kafka, kafka_answers, seconds)
    _await("Redis", addresses.redis, redis_answers, seconds)


def _await(name: str, address: str, answers: Callable[[str], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not answers(address):
        if time.monotonic() > deadline:
            raise StackError(
                f"{name} at {shown(address)} does not answer within {seconds:.0f} s; does it run there?"
            )
        time.sleep(POLL_SECONDS)
