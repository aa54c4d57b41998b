"""Until what was written is projected: so that people read their own writes."""

import asyncio
from typing import Any, Final

import msgspec
from redis import asyncio as aredis

from control import tables
from control.projection import Reached

_LOOK_S: Final = 0.01
_LONGEST_S: Final = 0.1


async def projected(store: aredis.Redis, offset: int, patience_s: float) -> bool:
    """Whether the record at an offset of `control` is projected, within so many seconds.

    Raises:
        redis.exceptions.RedisError: Redis is away; the record stands in the topic all the same.
    """
    loop = asyncio.get_running_loop()
    give_up, pause = loop.time() + patience_s, _LOOK_S
    while True:
        reading: Any = store.get(tables.POSITION)
        stored: bytes | None = await reading
        if stored is not None and Reached(**msgspec.json.decode(stored)).offset > offset:
            return True
        if loop.time() > give_up:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_S)
