"""The first thing that a process does: say how it logs."""

import logging
import os
import sys
from typing import Final, Literal, TextIO, get_args

from logs.formats import Human, JsonLines

Format = Literal["human", "json"]
VARIABLE: Final = "EBBWATCH_LOG_FORMAT"
_LOUD: Final = ("kafka", "aiokafka", "faust", "mode", "apscheduler", "httpx")
"""Libraries of which warnings are enough."""


class FormatError(ValueError):
    """There is no such format."""


def begin(process: str, stream: TextIO | None = None) -> None:
    """Log to a stream, as the environment has it; what was set up before is replaced.

    Args:
        process: name of the process in each line of JSON.
        stream: standard error if left out.

    Raises:
        FormatError: the environment names no format.
    """
    wanted = os.environ.get(VARIABLE) or "human"
    if wanted not in get_args(Format):
        raise FormatError(f"{VARIABLE} is {wanted!r}: it may be {' or '.join(get_args(Format))}")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(process) if wanted == "json" else Human())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
