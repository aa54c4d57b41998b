"""The scheduler's process: ``python -m ebbwatch.scheduling``, started by the supervisor.

It begins here, since batch jobs know neither Kafka nor Redis, and somebody has to say which log is served, to take
the scores for them, and to send their models into the tournament.
"""

import sys
from functools import partial
from pathlib import Path

from batch_jobs.config import scheduler_config
from batch_jobs.running.process import serve
from ebbwatch.entering import Entering
from ebbwatch.scores import take
from ebbwatch.served_log import served_log
from ebbwatch.settings import Settings
from logs.beginning import begin


def main() -> int:
    """Until told to stop; returns the exit code."""
    config = scheduler_config()
    settings = Settings()
    return serve(
        config,
        partial(take, settings, Path(config.folder)),
        Entering(settings),
        partial(served_log, settings),
    )


if __name__ == "__main__":
    begin("scheduler")
    sys.exit(main())
