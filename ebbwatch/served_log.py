"""Which archived log batch jobs read: that of the topic that is served, which a repartition changes."""

from typing import Final

from redis.exceptions import RedisError

from archive.schema import TABLE
from batch_jobs.running.source import SourceError
from ebbwatch.connection import NoStackError, addresses
from ebbwatch.processes import archive_folder, archived_log
from ebbwatch.settings import Settings
from feature_store.connect import connect
from feature_store.stream import load

_AWAY: Final = (NoStackError, RedisError)


def served_log(settings: Settings) -> str:
    """Folder or address of it, as Redis has it now.

    Where Redis is away, jobs go on with the archive alone, as long as there is no doubt which one.

    Raises:
        SourceError: Redis is away, and the archive's folder holds the logs of several topics.
    """
    if settings.archive_log:
        return settings.archive_log
    try:
        with connect(addresses(settings).redis) as store:
            stream = load(store)
    except _AWAY as fault:
        folder = archive_folder(settings)
        if others := sorted(path.name for path in folder.glob(f"{TABLE}-{settings.topic}-*")):
            raise SourceError(
                f"{folder} holds the logs of several topics ({', '.join([TABLE, *others])}), and which of them is "
                f"served cannot be told ({fault}): start Redis, or name one with EBBWATCH_ARCHIVE_LOG"
            ) from fault
        return archived_log(settings, settings.topic)
    if stream is None or not stream.topic.startswith(f"{settings.topic}-"):
        return archived_log(settings, settings.topic)
    return archived_log(settings, stream.topic)
