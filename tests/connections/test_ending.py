"""What runs beside other work ends, whatever it does with a cancellation."""

import asyncio

from connections.ending import ended


async def forever(swallowed: list[int], most: int) -> None:
    """Goes on after faults, and takes the first cancellations for some."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            swallowed.append(1)
            if len(swallowed) > most:
                raise


async def fails() -> None:
    raise RuntimeError("unforeseen")


async def test_all_end_though_some_swallow_a_cancellation() -> None:
    swallowed: list[list[int]] = [[], [], []]
    tasks = [
        asyncio.create_task(forever(each, most)) for each, most in zip(swallowed, (0, 1, 3), strict=True)
    ]
    failed = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await asyncio.wait_for(ended([*tasks, failed]), 10)
    assert [len(each) for each in swallowed] == [1, 2, 4]
    assert all(task.cancelled() for task in tasks)
    assert isinstance(failed.exception(), RuntimeError), "a fault is left to who asks for it"


async def test_nothing_ends_at_once() -> None:
    await ended([])
