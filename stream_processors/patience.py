"""Waiting while Redis or Kafka is away: nothing is dropped, nothing dead-lettered, health says so."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Protocol, TypeVar

from aiokafka.errors import KafkaError
from prometheus_client import Counter
from redis import exceptions as redis_errors
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from connections import refusals
from stream_processors.health import Health

T = TypeVar("T")

_REDIS_AWAY: Final = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.BusyLoadingError,
    redis_errors.ReadOnlyError,
    redis_errors.OutOfMemoryError,
    redis_errors.ClusterDownError,
    redis_errors.TryAgainError,
    redis_errors.RedisClusterException,
    OSError,
    TimeoutError,
)
_KAFKA_AWAY: Final = (KafkaError, OSError, TimeoutError)


async def _let_in(call: Callable[[], Awaitable[T]]) -> T:
    try:
        return await call()
    except (redis_errors.RedisError, redis_errors.RedisClusterException, OSError) as fault:
        refusal = refusals.of_redis(fault)
        if refusal is None:
            raise
        raise refusal from fault


class CountsWaits(Protocol):
    """Metrics of a process that may have to wait."""

    waits: Counter
    """By service."""


class Patience:
    """Retries with growing, jittered pauses of at most two seconds, for as long as it takes."""

    def __init__(self, health: Health, metrics: CountsWaits) -> None:
        self._health = health
        self._metrics = metrics

    async def redis(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call until Redis answers; other faults than its absence are raised.

        Raises:
            AccessError: it does not let us in.
        """
        return await self._until(partial(_let_in, call), "redis", _REDIS_AWAY)

    async def kafka(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call until Kafka answers; other faults than its absence are raised."""
        return await self._until(call, "kafka", _KAFKA_AWAY)

    async def _until(
        self, call: Callable[[], Awaitable[T]], service: str, away: tuple[type[BaseException], ...]
    ) -> T:
        def note(state: RetryCallState) -> None:
            fault = state.outcome.exception() if state.outcome else None
            self._health.waiting(service, f"{type(fault).__name__}: {fault}")
            self._metrics.waits.labels(service).inc()

        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(away),
            wait=wait_random_exponential(multiplier=0.05, max=2.0),
            before_sleep=note,
            reraise=True,
        ):
            with attempt:
                result = await call()
        self._health.well(service)
        return result
