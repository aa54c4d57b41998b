"""Looks, again and again, whether a day is complete that has no results yet, and whether a report is due.

APScheduler says when to look: at the start, so that what was missed is caught up with, soon after midnight, and
every few minutes, since the archive's clock may pass midnight later than the wall clock, or much faster in a replay.
What is due then is decided by `batch_jobs.running.due` from what the results say: nothing has to be remembered here.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from batch_jobs.job import Progress
from batch_jobs.results.errors import ResultsError
from batch_jobs.running.due import Known, due
from batch_jobs.running.lease import HeldError
from batch_jobs.running.perform import AsOfError, Report, Wanted, Workshop, allowed, perform
from batch_jobs.running.runner import StoppedError
from batch_jobs.running.source import SourceError

log = logging.getLogger("ebbwatch.batch")


class Scheduler:
    """One process; several may run, and the lease lets one of them work."""

    def __init__(self, shop: Workshop, afterwards: Callable[[], None], look_s: float, minute: int) -> None:
        """
        Args:
            afterwards: called after each look: sends the weekly report if it is due, and the like.
            look_s: seconds between looks.
            minute: after midnight UTC, of one more.
        """
        self._shop = shop
        self._afterwards = afterwards
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._ended.set()
        # one thread: what is late waits for its turn, and of several that are late one is enough
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_job(
            self._looked,
            IntervalTrigger(seconds=look_s, timezone=UTC),
            id="look",
            next_run_time=datetime.now(UTC),
        )
        self._scheduler.add_job(self._looked, CronTrigger(hour=0, minute=minute, timezone=UTC), id="midnight")

    def stop(self) -> None:
        """Come to an end; a job in the middle of its work is given up, its last result stands."""
        self._stopping.set()

    def run(self, patience_s: float = 30.0) -> bool:
        """Until told to stop.

        Args:
            patience_s: how long a job that is under way may take to notice.

        Returns:
            Whether nothing is under way any more.
        """
        self._scheduler.start()
        self._stopping.wait()
        self._scheduler.shutdown(wait=False)
        return self._ended.wait(patience_s)

    def _looked(self) -> None:
        if self._stopping.is_set():
            return
        self._ended.clear()
        try:
            look(self._shop, self._told)
            self._afterwards()
        except HeldError as fault:
            log.info("%s", fault)
        except StoppedError:
            log.info("stopped in the middle of a run; its last results stand")
        except (ResultsError, SourceError) as fault:
            log.warning("%s", fault)  # also where there is no archive yet
        except Exception:
            log.exception("a look failed; the next one is in a while")
        finally:
            self._ended.set()

    def _told(self, job: str) -> Progress:
        def told(what: str, share: float) -> None:
            if self._stopping.is_set():
                raise StoppedError
            log.debug("%s: %s, %.0f %%", job, what, 100 * share)

        return told


def look(shop: Workshop, told: Callable[[str], Progress]) -> Report | None:
    """Run what is due; None if nothing is.

    Raises:
        HeldError: another runner is at work.
        StoppedError: `told` wants it so.
        SourceError: the archive cannot be used.
        ResultsError: results can be neither read nor written.
    """
    try:
        as_of = allowed(None, shop.source().clock)
    except AsOfError:
        return None  # nothing is archived yet
    known = {
        part.job.name: Known(shop.results.current(part.job.name), shop.results.attempt(part.job.name))
        for part in shop.parts
    }
    jobs = due(as_of, known, shop.now())
    if not jobs:
        return None
    try:
        report = perform(shop, Wanted(jobs=jobs, as_of=as_of), told)
    except AsOfError as fault:
        log.info("%s", fault)
        return None
    for outcome in report.outcomes:
        told_of = log.info if outcome.good else log.error
        told_of("%s as of %s: %s %s", outcome.job, report.as_of, outcome.state, outcome.fault or "")
    return report
