"""The scheduler's process."""

import logging
import os
import signal
from collections.abc import Callable
from datetime import date
from typing import Final

from batch_jobs.config import BatchConfig
from batch_jobs.reports.sending import Sending
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results
from batch_jobs.running.scheduler import Scheduler
from batch_jobs.running.workshop import wall_ms, workshop

log = logging.getLogger("ebbwatch.batch")

REFUSED: Final = 78
"""Exit code: the configuration cannot be used, so that starting anew is of no use (`stream_processors.config`)."""


def serve(
    config: BatchConfig,
    prepare: Callable[[date], None],
    afterwards: Callable[[Results], None],
    archive: Callable[[], str],
) -> int:
    """Until told to stop; returns the exit code.

    Args:
        prepare: what is to be done before the jobs of an as-of are run.
        afterwards: what is to be done with the results, after each look.
        archive: where the log is now, asked whenever it is opened.
    """
    try:
        shop = workshop(config, prepare, archive)
        sending = Sending(shop.results, config.report, wall_ms)
    except (ResultsError, ValueError) as fault:
        log.error("%s", fault)  # noqa: TRY400 - it says what to do; a traceback would not
        return REFUSED

    def looked() -> None:
        afterwards(shop.results)
        sending.look()

    scheduler = Scheduler(shop, looked, config.look_s, config.minute)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: scheduler.stop())
    log.info("results in %s", config.results)
    if not scheduler.run():
        log.warning("a job does not notice that it is to end; it is left, and its last result stands")
        logging.shutdown()
        os._exit(0)  # threads of the engine would hold the process
    return 0
