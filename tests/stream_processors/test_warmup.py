"""The warm-up goes the way of a batch, and leaves nothing behind."""

from domain.settings import FactSettings
from stream_processors.warmup import warm_up


def test_every_compiled_loop_is_ready_afterwards() -> None:
    warm_up(FactSettings())
