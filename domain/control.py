"""Decisions of people and of the API: records of the compacted topic `control`, in JSON.

The topic is the truth, Redis its projection (`control/`): a rebuild keeps what people have decided. A record's key is
`key_of`; a later record of the same key takes its place, one without a value takes it away. What must be kept step by
step has a key of its own for each step.
"""

from typing import Any, Final, Literal

import msgspec

SCOPES: Final = ("ingest", "read", "alerts", "workspaces", "admin")
Scope = Literal["ingest", "read", "alerts", "workspaces", "admin"]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="key"):
    """Who may call the API. The secret itself stands nowhere."""

    id: str
    name: str
    digest: str
    """SHA-256 of the secret, hex: it has 256 random bits, so a slow hash would add nothing."""
    scopes: tuple[Scope, ...]
    created: int
    """ms, wall clock."""
    expires: int = 0
    """ms; 0 for never."""
    revoked: int = 0
    """ms; 0 while it holds."""
    per_second: int = 0
    """Requests a second that it may make; 0 for the deployment's default."""


class Note(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="note"):
    """What the team has written about a user or an alert."""

    id: str
    user: str
    text: str
    by: str
    at: int
    """ms, wall clock."""
    alert: str = ""


class Contact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="contact"):
    """Somebody of the team has contacted a user: a treatment."""

    id: str
    user: str
    at: int
    by: str
    how: str = ""
    alert: str = ""


class Feedback(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="feedback"):
    """What came of an alert, in the team's eyes; never a label to learn from."""

    id: str
    user: str
    alert: str
    verdict: Literal["saved", "false_alarm", "gone"]
    at: int
    by: str


class OptOut(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="opt_out"):
    """A user who shall not be alerted: by the user's own wish, or while a campaign runs."""

    id: str
    """The reason's name: ``opted_out``, or ``campaign:<name>``."""
    user: str
    at: int
    by: str
    until: int = 0
    """ms; 0 for ever."""


class Erasure(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="erasure"):
    """All that was known of a user is gone: the log says so to the store, this to what the log does not reach.

    The latest one of a user stays in the topic for ever, so that what is built again knows of it.
    """

    id: str
    """XXH3 of the user, 16 hex digits: the id itself is what has to go."""
    at: int
    """ms: Kafka's time of the erasure in the log. Alerts that rest on records of up to then are gone."""
    by: str
    until: int = 0
    """ms, event time: snapshots of up to then are gone from the ledger."""


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="step"):
    """One step in the life of an alert."""

    id: str
    """Of the step: ``<alert>.<what>`` where an alert has it once, with a random end where it may recur."""
    alert: str
    """16 hex digits."""
    user: str
    """Empty for an alert about a segment of users."""
    what: Literal[
        "raised",
        "suppressed",
        "released",
        "acknowledged",
        "snoozed",
        "returned",
        "resolved",
        "dismissed",
        "assigned",
        "expired",
    ]
    at: int
    """ms: wall clock, and of `raised` the alert's own time."""
    by: str
    """Name of the API key or of the process."""
    reason: str = ""
    until: int = 0
    """ms: of `snoozed`."""
    owner: str = ""
    """Of `assigned`."""
    body: dict[str, Any] = {}
    """Of `raised` and `resolved`: the record of `risk-alerts` (`domain.alerts.Alert`), with what triage adds to it
    (`domain.triage`); of `released`: the alert as people see it (`domain.alert_view`)."""
    run: str = ""
    """Random, of the process's run that wrote it; part of the key, so that compaction never puts a repeat of another
    run in the place of the first one."""


class Done(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="done"):
    """Something that is done once: the survey or the mail of a day, the mail about an alert."""

    id: str
    """``survey.<date>``, ``digest.<date>``, ``mail.<alert>``."""
    at: int
    """ms, wall clock."""
    body: dict[str, Any] = {}


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """Which secret it is. The secret itself stands nowhere: it follows from this and from the deployment's key."""

    id: str
    """128 random bits, hex."""
    created: int
    """ms, wall clock."""
    expires: int = 0
    """ms; 0 for the newest one, which does not."""


class WebhookFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of the feed a webhook wants; what is empty lets everything pass (`domain.webhooks.wanted`)."""

    events: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    minimum_value: float = 0.0
    """Money at risk, major units."""
    urgent: bool = False
    """Only those that cannot wait for the daily digest."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="webhook"):
    """Where alerts are delivered to."""

    id: str
    name: str
    url: str
    secrets: tuple[WebhookSecret, ...]
    """Newest first; each that holds signs."""
    filter: WebhookFilter
    after: int
    """It gets entries of the feed with greater numbers than this: the feed's end when it was made, or -1."""
    enabled_since: int
    """ms, wall clock; 0 while it is off. Off is a pause: what comes meanwhile is delivered afterwards."""
    created: int
    by: str
    """Name of the API key."""


Record = ApiKey | Note | Contact | Feedback | OptOut | Erasure | Step | Done | Webhook
"""One value of the topic; `kind` says which."""


FeedEvent = Literal[
    "alert.raised", "alert.returned", "alert.resolved", "churn_rate.raised", "churn_rate.resolved"
]
"""`alert.returned`: it was snoozed, and that is over. `churn_rate`: of a segment of users."""


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What readers of alerts get, each once: an alert that was released, or one of those that is resolved."""

    number: int
    """Offset of the step in the topic `control`: only grows, and is the same after a rebuild. The cursor."""
    event: FeedEvent
    alert: str
    user: str
    """Empty for an alert about a segment of users."""
    at: int
    """ms, wall clock: when it was released or resolved."""
    body: dict[str, Any]
    """The alert as people see it."""


class ControlError(ValueError):
    """A record of the topic is none of ours."""


def key_of(record: Record) -> bytes:
    """The record's key: kind and id, and the user where there is one, so that all of a user can be taken away."""
    user = getattr(record, "user", "")
    kind = record.__struct_config__.tag
    if isinstance(record, Step) and record.run:
        return f"{kind}/{record.id}.{record.run}/{user}".encode()
    return f"{kind}/{record.id}/{user}".encode() if user else f"{kind}/{record.id}".encode()


def encode(record: Record) -> bytes:
    """The record's value."""
    return msgspec.json.encode(record)


_decoder: Final = msgspec.json.Decoder(Record)


def decode(value: bytes) -> Record:
    """Inverse of `encode`.

    Raises:
        ControlError: says what is wrong.
    """
    try:
        record: Record = _decoder.decode(value)
    except msgspec.MsgspecError as fault:
        raise ControlError(f"no record of the control topic: {fault}") from fault
    return record
