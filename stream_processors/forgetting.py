"""Lets the ledger go of erased users, in a thread beside the notifier: rewriting days of it takes its time."""

import logging
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from redis import Redis
from redis.exceptions import RedisError

from control import tables
from feature_store.connect import connect
from online_model.ledger.ledger import LedgerError, erase

log = logging.getLogger("ebbwatch.notifier")

_LOOK_S: Final = 1.0
_RETRY_S: Final = 30.0

# KEYS[1] the hash; ARGV pairs of field and value: what has another value by now stays
_DONE: Final = """
for at = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then redis.call('HDEL', KEYS[1], ARGV[at]) end
end
"""


def forget(store: Redis, archive: Path) -> int:
    """Carry out what is to be forgotten; how many snapshots were.

    Raises:
        LedgerError: the ledger cannot be read or written; it is to be done again.
        redis.exceptions.RedisError: Redis is away; likewise.
    """
    wanted = cast("dict[bytes, bytes]", cast(Any, store.hgetall(tables.TO_FORGET)))
    if not wanted:
        return 0
    dropped = erase(archive, {user.decode(): int(until) for user, until in wanted.items()})
    store.eval(_DONE, 1, tables.TO_FORGET, *(x for pair in wanted.items() for x in pair))
    return dropped


class Forgetting:
    """The thread. A context manager: it runs in the block."""

    def __init__(self, redis: str, archive: Path) -> None:
        self._store = connect(redis)
        self._archive = archive
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forgetting", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()  # what is half done is done again by the next run

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                if dropped := forget(self._store, self._archive):
                    log.info("the ledger has let go of %s snapshots of erased users", dropped)
                pause = _LOOK_S
            except (LedgerError, RedisError, OSError) as fault:
                log.warning("the ledger cannot let go of erased users: %s", fault)
                pause = _RETRY_S
