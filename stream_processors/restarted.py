"""How often the supervisor has started a process anew, for Prometheus."""

import os

from prometheus_client import CollectorRegistry, Gauge

from stream_processors.config import LOST


def tell_restarts(registry: CollectorRegistry, process: str, restarts: int, *, fenced: bool = True) -> None:
    """Gauges of a process, which stand as long as it lives.

    Args:
        process: how its metrics are called.
        restarts: so far.
        fenced: whether what it writes is fenced, so that it may lose its ground.
    """
    Gauge(
        f"ebbwatch_{process}_restarts", "Times that the supervisor has started it anew.", registry=registry
    ).set(restarts)
    if fenced:
        Gauge(
            f"ebbwatch_{process}_lost_restarts",
            "Of them, because a write was fenced, or it had lost its ground otherwise.",
            registry=registry,
        ).set(int(os.environ.get(LOST, "0")))
