"""The moments that files write in a dozen ways, as milliseconds since 1970-01-01 UTC."""

import math
import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Final

from domain.events import MAX_TIME_MS, MIN_TIME_MS, milliseconds
from producers.replay.rows import RejectedRowError

_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_DAY_OR_MONTH_FIRST: Final = re.compile(r"\s*\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2,4}")
_YEAR: Final = re.compile(r"\d{4}")
_UNITS_PER_MS: Final = (Decimal("0.001"), Decimal(1), Decimal(1000), Decimal(1_000_000))


class Times:
    """Reads ISO 8601 and RFC 3339 text, numbers since 1970, times of Parquet, and dates that name the month.

    Numbers may be seconds, ms, µs or ns: the years 2000 to 2089 do not overlap.
    """

    def __init__(self, zone: tzinfo = UTC, pattern: str | None = None) -> None:
        """Args:
        zone: of times that do not say theirs; of an hour that comes twice in autumn, the first is meant.
        pattern: as for `datetime.strptime`; then nothing else is tried on text.
        """
        self._zone = zone
        self._pattern = pattern

    def __call__(self, value: object) -> int:
        """Milliseconds since 1970-01-01 UTC.

        Raises:
            RejectedRowError: ``bad_time``; ``ambiguous_time`` for dates such as 3/4/2011: give a pattern.
        """
        if isinstance(value, str):
            found = self._from_text(value.strip())
        elif isinstance(value, datetime):
            found = self._from_datetime(value)
        elif isinstance(value, bool):
            raise RejectedRowError("bad_time")
        elif isinstance(value, int | float | Decimal) and math.isfinite(value):
            found = _from_number(Decimal(str(value)))  # as written, not as stored in binary
        elif isinstance(value, date):
            found = self._from_datetime(datetime.combine(value, time()))
        else:
            raise RejectedRowError("bad_time")
        if found is None or not MIN_TIME_MS <= found < MAX_TIME_MS:
            raise RejectedRowError("bad_time")
        return found

    def _from_text(self, written: str) -> int | None:
        try:
            if self._pattern is not None:
                return self._from_datetime(datetime.strptime(written, self._pattern))  # noqa: DTZ007 zone is set
            if _NUMBER.fullmatch(written) and (found := _from_number(Decimal(written))) is not None:
                return found
            return self._from_datetime(datetime.fromisoformat(written))
        except (ValueError, OverflowError):
            return None if self._pattern is not None else self._guessed(written)

    def _guessed(self, written: str) -> int | None:
        if _DAY_OR_MONTH_FIRST.match(written):
            raise RejectedRowError("ambiguous_time")
        if not _YEAR.search(written):  # pandas would fill in today
            return None
        import pandas as pd  # noqa: PLC0415 half a second that most files and all other commands do not need

        try:
            stamp = pd.Timestamp(written)
        except (ValueError, OverflowError):
            return None
        return None if pd.isna(stamp) else self._from_datetime(stamp.to_pydatetime(warn=False))

    def _from_datetime(self, moment: datetime) -> int:
        return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))


def _from_number(number: Decimal) -> int | None:
    for units in _UNITS_PER_MS:
        found = number / units
        if MIN_TIME_MS <= found < MAX_TIME_MS:
            return int(found)
    return None
