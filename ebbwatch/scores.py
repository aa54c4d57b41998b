"""Taking scores out of the store for the batch jobs, which do not know it."""

import logging
from datetime import date
from pathlib import Path

import pyarrow as pa

from batch_jobs.running.kept import SCORES
from batch_jobs.value import scores
from control.log import LogError
from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.serving import basis, models
from ebbwatch.settings import Settings
from feature_store.position import RefusedError
from online_model.registry.errors import KeyFileError
from profiles.scores import day_of, everybody
from storage.errors import StorageError

log = logging.getLogger("ebbwatch.batch")


def take(settings: Settings, folder: Path, as_of: date) -> None:
    """Keep what is served now for the jobs as of `as_of`, if the store stands on that day.

    What is there already stays: of a day the scores that were taken first are nearest to its midnight. Nothing is
    raised where Kafka, Redis or the registry do not answer: the jobs have the ledger then, and say so.

    Args:
        folder: of the batch jobs.
    """
    root = folder / SCORES
    if scores.taken(root, as_of):
        return
    try:
        here = open_deployment(settings)
        day = day_of(here.store, here.stream)
        if day != as_of:
            log.info("the store stands at %s, not at %s: no scores are taken", day, as_of)
            return
        with models(here) as following:
            by = basis(here, following.look().risk)
        rows = (batch.cast(scores.SCORES) for batch in everybody(here.store, here.stream, by))
        count = scores.write(root, as_of, rows)
    except (*AWAY, RefusedError, LogError, KeyFileError, StorageError, OSError, pa.ArrowException) as fault:
        log.warning("no scores are taken from the store as of %s: %s", as_of, fault)
        return
    log.info("scores of %s users taken from the store as of %s", count, as_of)
