"""People read their own writes: wait until the projection has passed what was written."""

import asyncio
import time
from typing import Any, Final, cast

import msgspec
from redis import asyncio as aredis

from control import tables
from control.projection import Reached

PATIENCE_S: Final = 2.0
_LOOK_S: Final = 0.01


async def passed(store: aredis.Redis, offset: int, patience_s: float = PATIENCE_S) -> bool:
    """Whether what stands at an offset of `control` can be read within the patience."""
    give_up = time.monotonic() + patience_s
    while True:
        stored = cast("bytes | None", await cast(Any, store.get(tables.POSITION)))
        if stored is not None and Reached(**msgspec.json.decode(stored)).offset > offset:
            return True
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(_LOOK_S)
