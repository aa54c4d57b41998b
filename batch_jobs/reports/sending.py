"""Once a week to everybody who is configured; each way is tried until it has worked, and then not again."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from batch_jobs.config import ReportConfig
from batch_jobs.reports.mail import mail
from batch_jobs.reports.report import Report, collected, summary
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results
from batch_jobs.running.due import report_due
from outlets.hook import Hook, HookError
from outlets.post import Post, PostError

log = logging.getLogger("ebbwatch.batch")

_MEMORY: Final = "report.json"
_MAIL: Final = "mail"
_CHAT: Final = "chat"
_AGAIN_MS: Final = 900_000


class Sent(msgspec.Struct, frozen=True):
    """``report.json`` beside the results: what has left."""

    ways: dict[str, date] = {}
    """By way, the as-of of the last report that was due."""


def ways(config: ReportConfig) -> Mapping[str, Callable[[Report], None]]:
    """How a report reaches people, as far as it is configured; empty if it is not.

    Raises:
        ValueError: an address is none.
    """
    found: dict[str, Callable[[Report], None]] = {}
    if config.smtp_url and config.sender and config.receivers:
        post = Post(config.smtp_url)
        found[_MAIL] = lambda report: post.send(mail(report, config.sender, config.receivers))
    if config.hook:
        hook = Hook(config.hook)
        found[_CHAT] = lambda report: hook.send(_with_link(report, config.public_url))
    return found


class Sending:
    """One thread."""

    def __init__(self, results: Results, config: ReportConfig, now: Callable[[], int]) -> None:
        """
        Args:
            now: wall clock, ms.

        Raises:
            ValueError: an address is none.
        """
        self._results = results
        self._weekday = config.weekday
        self._ways = ways(config)
        self._now = now
        self._not_before = 0

    def look(self) -> None:
        """Send what is due; a way that fails is tried again a quarter of an hour later.

        It leaves before that is noted: a crash between the two sends it again, the mail under the same id.

        Raises:
            ResultsError: results cannot be read, or it cannot be noted what has left.
        """
        now = self._now()
        if not self._ways or now < self._not_before:
            return
        runs = [self._results.current(job) for job in self._results.jobs()]
        finished = max((run.basis.as_of for run in runs if run is not None), default=None)
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        sent = self._sent()
        waiting = {
            way: due
            for way in self._ways
            if (due := report_due(finished, self._weekday, sent.ways.get(way), today)) is not None
        }
        report = collected(self._results) if waiting else None
        if report is None:
            return
        for way, due in waiting.items():
            try:
                self._ways[way](report)
            except (PostError, HookError) as fault:
                log.warning("the report cannot be sent by %s, again later: %s", way, fault)
                self._not_before = now + _AGAIN_MS
                continue
            log.info("the report as of %s was sent by %s", report.as_of, way)
            sent = Sent({**sent.ways, way: due})
            self._results.storage.write(_MEMORY, msgspec.json.encode(sent))

    def _sent(self) -> Sent:
        try:
            return msgspec.json.decode(self._results.storage.read(_MEMORY), type=Sent)
        except FileNotFoundError:
            return Sent()
        except msgspec.MsgspecError as fault:
            raise ResultsError(
                f"{self._results.address}/{_MEMORY} cannot be read ({fault}): delete it; the report is sent once more"
            ) from fault


def _with_link(report: Report, public_url: str) -> str:
    link = f"\n\n{public_url.rstrip('/')}/v1/overview" if public_url else ""
    return summary(report) + link
