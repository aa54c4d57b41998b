"""A log line for people, and the same as JSON."""

import logging
from datetime import UTC, datetime
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter

from logs.context import Value, fields
from logs.redaction import redacted

_HUMAN: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Human(logging.Formatter):
    """``time level logger message [field=value ...]``."""

    def __init__(self) -> None:
        super().__init__(_HUMAN)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        about = " ".join(f"{name}={value}" for name, value in fields().items())
        return super().formatMessage(record) + (f" [{about}]" if about else "")

    def format(self, record: logging.LogRecord) -> str:
        """Without secrets, also in a traceback."""
        return redacted(super().format(record))


class JsonLines(JsonFormatter):
    """An object a line: time (RFC 3339, UTC), level, logger, process, pid, message, what it is about, exception."""

    def __init__(self, process: str) -> None:
        """
        Args:
            process: name that is given to all lines.
        """
        super().__init__(json_ensure_ascii=False)
        self._process = process

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        about: dict[str, Value] = dict(fields())
        log_data |= about | {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": self._process,
            "pid": record.process,
            "message": record.getMessage(),
        }
        if "exc_info" in message_dict:
            log_data["exception"] = message_dict["exc_info"]

    def format(self, record: logging.LogRecord) -> str:
        """Without secrets, also in a traceback."""
        return redacted(super().format(record))
