"""Refitted models of the last result go into the tournament; batch jobs know neither Kafka nor the tournament."""

import logging
from typing import Final

from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results
from control.entering import enter
from control.log import LogError
from ebbwatch.deployment import AWAY, open_deployment
from ebbwatch.settings import Settings
from feature_store.position import RefusedError

log = logging.getLogger("ebbwatch.batch")

_JOB: Final = "learners"
_TABLE: Final = "learner_models"


class Entering:
    """Looks after runs whether there are models that nobody has ordered in yet."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: set[str] = set()
        """Ordered in, so that Kafka need not be asked again and again."""

    def __call__(self, results: Results) -> None:
        """Order them in. Nothing is raised where Kafka does not answer: the next look makes up for it."""
        try:
            found = results.read(_JOB)
            rows = [] if found is None else found[1][_TABLE].to_pylist()
            wanted = [row["version"] for row in rows if row["enters"] and row["version"] not in self._known]
            if not wanted:
                return
            new = enter(open_deployment(self._settings).model_topics, wanted)
        except (*AWAY, RefusedError, LogError, ResultsError) as fault:
            log.warning("no refitted model is sent into the tournament: %s", fault)
            return
        self._known.update(wanted)
        for version in new:
            log.info("refitted model %s is sent into the tournament", version)
