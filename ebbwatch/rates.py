"""Where the API counts rates: the Redis that the settings name, else a small one beside the API's supervisor."""

from collections.abc import Iterator
from contextlib import contextmanager

from ebbwatch.settings import Settings
from local_stack.redis.rates import rate_server


@contextmanager
def counting(settings: Settings) -> Iterator[Settings]:
    """The settings with such a Redis, which runs until the end of the block."""
    if settings.limits_redis:
        yield settings
        return
    with rate_server(settings.home) as url:
        yield settings.model_copy(update={"limits_redis": url}) if url else settings
