"""When a mail leaves: at once for urgent alerts, once a day for the digest; `control` remembers what has left."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec
from redis import Redis

from control import tables
from control.feed import entries_after
from control.writing import ControlWriter
from domain.alerts import DAY_MS
from domain.control import Done, FeedEntry
from domain.mails import Envelope, digest, urgent
from outlets.post import Post, PostError

log = logging.getLogger("ebbwatch.notifier")

MAILED: Final = "mailed"
"""Id of the record that says up to which number of the feed urgent alerts have been mailed."""
DIGEST: Final = "digest"
"""Id of the record that says of which day (ISO) the last digest was, and up to which number it told."""
_AT_ONCE: Final = 1000
_AGAIN_MS: Final = 60_000


class Mailing:
    """All mail of a deployment. One thread."""

    def __init__(
        self, store: Redis, control: ControlWriter, post: Post, envelope: Envelope, digest_hour: int
    ) -> None:
        """
        Args:
            digest_hour: of the day, UTC, from which on the day's digest leaves.
        """
        self._store = store
        self._control = control
        self._post = post
        self._envelope = envelope
        self._digest_hour = digest_hour
        self._known: dict[str, Done] = {}
        self._seen = -1
        self._not_before = 0

    def look(self, now: int) -> None:
        """Send what is due at `now` (ms, wall clock); what cannot be sent is tried again a minute later.

        A message leaves before its record is written: a crash between the two sends it again, under the same id.

        Raises:
            ControlAwayError: Kafka does not take the record.
            redis.exceptions.RedisError: Redis is away.
        """
        if now < self._not_before:
            return
        try:
            self._urgent(now)
            self._daily(now)
        except PostError as fault:
            log.warning("mail cannot be sent, again in a minute: %s", fault)
            self._not_before = now + _AGAIN_MS

    def _urgent(self, now: int) -> None:
        told = self._done(MAILED)
        after = max(self._seen, -1 if told is None else int(told.body["number"]))
        for entry in entries_after(self._store, after, _AT_ONCE):
            if entry.event == "alert.raised" and entry.body.get("urgent") and now - entry.at < DAY_MS:
                self._post.send(urgent(entry, self._envelope))
                self._write(Done(id=MAILED, at=now, body={"number": entry.number}))
            self._seen = entry.number

    def _daily(self, now: int) -> None:
        moment = datetime.fromtimestamp(now / 1000, UTC)
        date = moment.date().isoformat()
        last = self._done(DIGEST)
        if moment.hour < self._digest_hour or (last is not None and last.body["date"] >= date):
            return
        number = -1 if last is None else int(last.body["number"])
        entries = self._since(number, int((moment - timedelta(days=1)).timestamp() * 1000))
        if entries:  # an empty digest is none
            self._post.send(digest(date, entries, self._envelope))
        end = entries[-1].number if entries else number
        self._write(Done(id=DIGEST, at=now, body={"date": date, "number": end}))

    def _since(self, number: int, oldest: int) -> list[FeedEntry]:
        """Entries that no digest has told, but for those that are older than a day."""
        found: list[FeedEntry] = []
        while page := entries_after(self._store, number, _AT_ONCE):
            found += [entry for entry in page if entry.at >= oldest]
            number = page[-1].number
        return found

    def _done(self, id_: str) -> Done | None:
        """The last record; its own writes are known before they are projected."""
        if id_ not in self._known:
            stored = cast("bytes | None", cast(Any, self._store.hget(tables.DONE, id_)))
            if stored is None:
                return None
            self._known[id_] = msgspec.json.decode(stored, type=Done)
        return self._known[id_]

    def _write(self, record: Done) -> None:
        self._control.write([record])
        self._known[record.id] = record
