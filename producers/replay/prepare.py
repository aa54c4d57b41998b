"""From rows to encoded events in the spool; every row is either there or among the rejects."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from domain.events import Event, milliseconds
from producers.replay.layout import Layout
from producers.replay.rows import RejectedRowError, Row, Unreadable
from producers.replay.source import Source, SourceError
from producers.replay.spool import Spool
from producers.validate import InvalidEventError, encoded

_REPORT_EVERY: Final = 5000
_PREFIX_LENGTH: Final = 100  # leaves room for the row number in an event id of 128


@dataclass
class Survey:
    """What a file held. Times are in milliseconds since 1970-01-01 UTC."""

    rows: int = 0
    usable: int = 0
    derived: int = 0
    """Events that stand for no row of their own, such as sign-ups told by a column."""
    out_of_order: int = 0
    """Usable rows whose time lies before an earlier row's."""
    first: int | None = None
    last: int | None = None
    """Of the usable rows."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that cannot be used, by reason."""


class RejectFile:
    """Rows that cannot be used, as JSON lines: ``row`` (its number, from 1), ``reason``, ``data``."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")

    def write(self, number: int, reason: str, row: Row | Unreadable) -> None:
        """Append one row."""
        data = row.text if isinstance(row, Unreadable) else row
        line = {"row": number, "reason": reason, "data": data}
        self._file.write(msgspec.json.encode(line, enc_hook=str) + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def id_prefix(path: Path) -> str:
    """What event ids of this file begin with: its name up to the first dot."""
    return path.name.lstrip(".").split(".", maxsplit=1)[0][:_PREFIX_LENGTH] or "file"


def prepare(
    source: Source,
    layout: Layout,
    spool: Spool,
    rejects: RejectFile,
    progress: Callable[[float], None] = lambda _: None,
) -> Survey:
    """Read the whole file into the spool.

    Args:
        progress: told now and then how much of the file has been read, 0 to 1.

    Raises:
        SourceError: the file is damaged or lacks a column of the layout.
    """
    survey = Survey()
    prefix = id_prefix(source.path)
    signed_up: set[str] = set()
    for number, row in enumerate(source, start=1):
        survey.rows = number
        if number % _REPORT_EVERY == 0:
            progress(source.position())
        try:
            if isinstance(row, Unreadable):
                raise RejectedRowError(row.reason)  # noqa: TRY301 one place counts and writes rejects
            if number == 1 and source.format != "json-lines":
                _check_columns(layout, row, source)
            event = layout.event(row, f"{prefix}:{number}")
            value = encoded(event)
        except (RejectedRowError, InvalidEventError) as error:
            survey.rejected[error.reason] += 1
            rejects.write(number, error.reason, row)
            continue
        if event.user_id not in signed_up and (signup := layout.signup(row, event)) is not None:
            signed_up.add(event.user_id)
            survey.derived += 1
            _add(spool, signup, encoded(signup))
        _count(survey, _add(spool, event, value))
    progress(1.0)
    return survey


def _add(spool: Spool, event: Event, value: bytes) -> int:
    time = milliseconds(event.time)
    spool.add(time, event.user_id.encode(), value)
    return time


def _count(survey: Survey, time: int) -> None:
    survey.usable += 1
    if survey.first is None or survey.last is None:
        survey.first = survey.last = time
    elif time >= survey.last:
        survey.last = time
    else:
        survey.out_of_order += 1
        survey.first = min(survey.first, time)


def _check_columns(layout: Layout, row: Row, source: Source) -> None:
    missing = sorted(layout.columns - row.keys())
    if missing:
        raise SourceError(
            f"{source.path} has no column {', '.join(missing)}; its columns are: {', '.join(row)}"
        )
