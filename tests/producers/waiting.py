"""What tests of the client wait for."""

import time

from producers.client import EbbwatchClient


def await_fault(client: EbbwatchClient) -> None:
    """Until the client's thread has found that it cannot deliver."""
    give_up = time.monotonic() + 60
    while client.stats().last_error is None:
        assert time.monotonic() < give_up, client.stats()
        time.sleep(0.01)
