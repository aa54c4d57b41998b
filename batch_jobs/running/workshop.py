"""What runs need, made from the configuration."""

import os
import socket
import time
from collections.abc import Callable
from datetime import date

import msgspec
import xxhash

from batch_jobs.config import BatchConfig
from batch_jobs.results.results import open_results
from batch_jobs.running.archived import Archived
from batch_jobs.running.lineup import EDITION, lineup
from batch_jobs.running.perform import Workshop


def workshop(
    config: BatchConfig,
    prepare: Callable[[date], None] | None = None,
    archive: Callable[[], str] | None = None,
) -> Workshop:
    """Of a deployment; nothing is opened yet.

    Args:
        archive: where the log is now, asked whenever it is opened; where the configuration says, if None.
        prepare: what is to be done before the jobs of an as-of are run; None for nothing.

    Raises:
        ResultsError: no such kind of address.
        ValueError: a setting makes no sense.
    """

    def opened() -> Archived:
        return Archived(config if archive is None else msgspec.structs.replace(config, archive=archive()))

    return Workshop(
        source=opened,
        parts=lineup(config),
        results=open_results(config.results, config.kept),
        settings=f"{config.facts.fingerprint()}/{EDITION}/{_digest(config.money, config.holdout, config.learners)}",
        holder=f"{socket.gethostname()}, process {os.getpid()}",
        now=wall_ms,
        prepare=prepare,
    )


def _digest(*chosen: object) -> str:
    return xxhash.xxh32_hexdigest(msgspec.json.encode(chosen))


def wall_ms() -> int:
    """The wall clock, ms: for when something was done, never for what is known."""
    return int(time.time() * 1000)
