"""The scheduler's process: ``python -m batch_jobs.running``, started by the supervisor."""

import logging
import os
import signal
import sys
from typing import Final

from batch_jobs.config import BatchConfig, scheduler_config
from batch_jobs.reports.sending import Sending
from batch_jobs.results.errors import ResultsError
from batch_jobs.running.scheduler import Scheduler
from batch_jobs.running.workshop import wall_ms, workshop

log = logging.getLogger("ebbwatch.batch")

REFUSED: Final = 78
"""Exit code: the configuration cannot be used, so that starting anew is of no use (`stream_processors.config`)."""


def main(config: BatchConfig) -> int:
    """Until told to stop; returns the exit code."""
    try:
        shop = workshop(config)
        sending = Sending(shop.results, config.report, wall_ms)
    except (ResultsError, ValueError) as fault:
        log.error("%s", fault)  # noqa: TRY400 - it says what to do; a traceback would not
        return REFUSED
    scheduler = Scheduler(shop, sending.look, config.look_s, config.minute)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: scheduler.stop())
    log.info("results in %s", config.results)
    if not scheduler.run():
        log.warning("a job does not notice that it is to end; it is left, and its last result stands")
        logging.shutdown()
        os._exit(0)  # threads of the engine would hold the process
    return 0


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    sys.exit(main(scheduler_config()))
