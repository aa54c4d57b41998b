"""Events of the archived log as numbers, each once."""

from typing import Final

import pyarrow as pa
from ibis.expr.types import BooleanValue, Table

from archive.schema import SCHEMA
from domain.events import EVENT_TYPES
from domain.settings import FactSettings

DAY_MS: Final = 86_400_000
OFFSETS: Final = 2**36
"""Room for offsets below a moment of the day in one number."""

SILENT: Final = ("cancellation", "cancellation_started", "experiment_assignment", "promotion")
"""Types that announce the loss or the treatment: they say nothing of plan, platform and so on."""

_TEXTS: Final = (
    "session_id", "platform", "plan", "channel", "geography", "feature", "category", "order_id", "change",
    "experiment", "variant",
)  # fmt: skip
_COLUMNS: Final = (
    "partition",
    "offset", "kind", "time", "user", "event_id", "type", *_TEXTS, "quantity", "amount", "discount", "pages",
    "duration_ms", "conversion", "day",
)  # fmt: skip
READ: Final = pa.schema([SCHEMA.field(name) for name in _COLUMNS])
"""What the star reads of the archive."""


def events(log: Table) -> Table:
    """Events of the log; `key` orders those of one user and day, an empty text is null.

    Args:
        log: columns of `READ` as numbers (`Engine.numbers`).
    """
    found = log.filter(log.kind == "event", log.user.notnull())
    texts = {name: found[name].nullif("") for name in _TEXTS}
    key = (found.time - found.day * DAY_MS) * OFFSETS + found.offset
    return found.mutate(**texts, key=key).drop("kind", "offset")


def once(found: Table) -> Table:
    """Of events with the same user, id and day the first, by (time, offset)."""
    by = ["user", "day", "event_id"]
    repeated = found.group_by(by).agg(first=found.key.min(), times=found.count())
    repeated = repeated.filter(repeated.times > 1)
    same = [found[name] == repeated[name] for name in by]
    return found.anti_join(repeated, [*same, found.key > repeated["first"]]).drop("event_id")


def is_activity(found: Table, settings: FactSettings) -> BooleanValue:
    """Whether each event is of a type that opens or continues a session."""
    opening = [name for name, (opens, _) in EVENT_TYPES.items() if opens]
    return found.type.isin([*opening, *(name for name in settings.session_types if name not in EVENT_TYPES)])
