"""What runs beside the requests can be ended, whatever it does with a cancellation."""

import asyncio

import pytest

from api.background import Background
from tests.connections.test_ending import forever


@pytest.mark.parametrize("most", [0, 1, 3])
async def test_it_ends_though_it_swallows_a_cancellation(most: int) -> None:
    swallowed: list[int] = []
    work = Background()
    work.start(forever(swallowed, most))
    await asyncio.sleep(0)
    await asyncio.wait_for(work.stop(), 10)
    assert len(swallowed) == most + 1


async def test_who_was_not_begun_can_be_stopped() -> None:
    await Background().stop()


async def test_a_fault_is_told_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise RuntimeError("unforeseen")

    work = Background()
    work.start(fails())
    await asyncio.sleep(0)
    await work.stop()
    assert "ended by itself" in caplog.text
    assert "unforeseen" in caplog.text
