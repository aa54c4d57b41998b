"""What runs need, made from the configuration."""

import os
import socket
import time
from pathlib import Path

from batch_jobs.config import BatchConfig
from batch_jobs.results.results import open_results
from batch_jobs.running.archived import Archived
from batch_jobs.running.lineup import EDITION, lineup
from batch_jobs.running.perform import Workshop


def workshop(config: BatchConfig) -> Workshop:
    """Of a deployment; nothing is opened yet.

    Raises:
        ResultsError: no such kind of address.
    """
    contact = config.contact
    return Workshop(
        source=lambda: Archived(config),
        parts=lineup(Path(config.folder), Path(config.ledger), contact),
        results=open_results(config.results, config.kept),
        settings=f"{config.facts.fingerprint()}/{EDITION}/{contact.cost:g}/{contact.chance_of_saving:g}",
        holder=f"{socket.gethostname()}, process {os.getpid()}",
        now=wall_ms,
    )


def wall_ms() -> int:
    """The wall clock, ms: for when something was done, never for what is known."""
    return int(time.time() * 1000)
