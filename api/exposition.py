"""What Prometheus is told: of this process, or of all processes that answer on the port."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from storage.scratch import clear, named

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which the client library lets several processes count; it looks when it is first imported."""
_PREFIX: Final = "ebbwatch-api-metrics-"
LATEST: Final = "mostrecent"
"""Of gauges that every process could tell: what was told last counts."""


@contextmanager
def shared(processes: int) -> Iterator[None]:
    """Let that many processes that are started in the block count together; a folder of former ones is not read."""
    if processes == 1:
        yield
        return
    clear(_PREFIX)
    with tempfile.TemporaryDirectory(prefix=named(_PREFIX)) as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


def exposition(registry: CollectorRegistry) -> bytes:
    """In the text format of Prometheus.

    Args:
        registry: of this process, where it is alone.
    """
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the series, for what `rate` does not need
    return generate_latest(registry)
