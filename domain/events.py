"""The event: one thing that a user did; the clock mark that moves time; the erasure that forgets a user.

All are JSON objects in the topic ``session-events``. `Event` is the one schema that producers,
stream processors, API and batch jobs share; `json_schema` publishes it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

SCHEMA_VERSION: Final = 1
"""Raised when a field is removed or changes its meaning; added optional fields keep it."""

MAX_EVENT_BYTES: Final = 65_536
"""A longer record is dead-lettered as ``too_large``: an event is a fact, not a document."""

MIN_TIME_MS: Final = 946_684_800_000  # 2000-01-01
MAX_TIME_MS: Final = 3_786_912_000_000  # 2090-01-01; sums of squared seconds of 90 years fit 63 bits

MAX_AMOUNT: Final = 10_000_000_000.0  # in minor units 1e12: nine million of them fit 63 bits

MAX_ID: Final = 128
"""Characters of the longest user id; the shortest has one."""

Name = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Label = Annotated[str, Meta(max_length=128)]
Amount = Annotated[float, Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]

EVENT_TYPES: Final = {
    # type: (opens or continues a session, what it stands for)
    "session_start": (True, "a session begins; ends the previous one"),
    "session_end": (False, "a session ends; extends it to this moment, never opens one"),
    "page_view": (True, "a page or screen was seen"),
    "feature_use": (True, "a feature was used; `feature` and `category` name it"),
    "purchase": (True, "one line of a purchase; lines of one basket share `order_id`"),
    "positive_feedback": (True, "thumbs up, a high rating"),
    "negative_feedback": (True, "thumbs down, a low rating"),
    "social_action": (True, "the user invited, followed or shared"),
    "collection_action": (True, "the user saved something to a list"),
    "refund": (False, "money went back; `amount` is taken without its sign"),
    "signup": (False, "an account was opened, or opened again after a cancellation"),
    "trial_start": (False, "a trial began"),
    "renewal": (False, "a subscription was renewed"),
    "payment_failed": (False, "a charge was declined"),
    "subscription_change": (False, "the plan changed; `change` says in which direction"),
    "support_ticket": (False, "the user asked for help"),
    "cancellation_started": (False, "a step of the cancelling itself; enters no feature"),
    "cancellation": (False, "the user cancelled; enters no feature"),
    "experiment_assignment": (False, "an experiment assigned a variant; enters no feature"),
    "promotion": (False, "the user was treated with an offer; enters no feature"),
}
"""Known types. Any other type is accepted and counts as custom: kept, but no sign of life unless listed
in the setting ``session_types``."""


class Event(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One thing that a user did.

    Unknown fields are kept in the log and ignored here. Absent is the same as ``null``.
    """

    event_id: Name
    """Unique for the user; a repeat within the last 64 events of the user is a duplicate."""
    user_id: Name
    """The Kafka record's key must be the same text in UTF-8."""
    type: Annotated[str, Meta(min_length=1, max_length=64)]
    """One of `EVENT_TYPES`, or a name of your own."""
    time: int | Annotated[datetime, Meta(tz=True)]
    """When it happened: milliseconds since 1970-01-01 UTC, or RFC 3339 with an offset."""
    session_id: Label | None = None
    session_type: Label | None = None
    """``tutorial``, ``usage``, ``support``, or a name of your own; read when the session opens."""
    platform: Label | None = None
    """For instance ``web``, ``ios``, ``android``; the latest counts."""
    plan: Label | None = None
    """The latest counts; ``free``, ``trial`` and ``none`` are unpaid."""
    channel: Label | None = None
    """How the user came; the first counts."""
    geography: Label | None = None
    """The latest counts."""
    feature: Label | None = None
    category: Label | None = None
    product: Label | None = None
    order_id: Label | None = None
    """Consecutive purchase lines of one order are one purchase; without it each line is one."""
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    """Items of a purchase line; 1 if absent."""
    amount: Amount | None = None
    """Money of the line in major units (euros, dollars), one currency per deployment."""
    discount: Amount | None = None
    """Money that the line was reduced by, in major units."""
    pages: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    """Pages that the event stands for; 1 for ``page_view``, else 0, if absent."""
    duration: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    """Seconds that the event lasts; the session reaches at least to its end."""
    conversion: bool | None = None
    change: Literal["upgrade", "downgrade"] | None = None
    """Direction of a ``subscription_change``; without it, paid to unpaid is a downgrade."""
    experiment: Label | None = None
    variant: Label | None = None
    properties: dict[str, msgspec.Raw] | None = None
    """Anything else, as a JSON object; kept in the log, not interpreted."""


class ClockMark(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The partition's clock moves to `mark`; nothing else moves it.

    A record with a null key. A mark that is not later than the last one does nothing.
    """

    mark: Annotated[int, Meta(ge=MIN_TIME_MS, lt=MAX_TIME_MS)]
    """Milliseconds since 1970-01-01 UTC."""
    visits: Annotated[int, Meta(ge=1, le=10_000_000)] = 100_000
    """At most so many users' timers fire for this mark; the rest wait for the next."""


class UserErasure(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All that is known of a user is forgotten here, as if there had been nobody; the record's key is the user id."""

    erase: bool
    """Always true."""

    def __post_init__(self) -> None:
        if not self.erase:
            raise ValueError("`erase` is always true")


def erasable(key: bytes) -> str | None:
    """The user whom an erasure with this key forgets; None for a key that is no user id."""
    try:
        user = key.decode()
    except UnicodeDecodeError:
        return None
    return user if 0 < len(user) <= MAX_ID else None


def milliseconds(time: int | datetime) -> int:
    """Event time in milliseconds since 1970-01-01 UTC; microseconds are cut off."""
    if isinstance(time, int):
        return time
    since = time - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(event: Event | ClockMark | UserErasure) -> bytes:
    """The record's value, JSON in UTF-8."""
    return msgspec.json.encode(event)


def fields() -> Iterator[str]:
    """Names of the event's fields, in the order of the schema."""
    return iter(Event.__struct_fields__)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `Event`; `SCHEMA_VERSION` is in its ``$id``."""
    schema = msgspec.json.schema(Event)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ebbwatch:event:{SCHEMA_VERSION}",
    } | schema
