"""Requests and answers about webhooks."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from domain.control import WebhookFilter
from domain.targets import MAX_URL, URL_PATTERN
from domain.webhooks import EVENTS, State

Event = Literal[
    "alert.raised", "alert.returned", "alert.resolved", "churn_rate.raised", "churn_rate.resolved"
]
assert Event.__args__ == EVENTS  # type: ignore[attr-defined]
Url = Annotated[
    str,
    Field(
        max_length=MAX_URL,
        pattern=URL_PATTERN,
        description="where to; `https://` and ports 443 and 8443 only, never an address inside, unless the "
        "deployment allows it",
        examples=["https://crm.example.com/hooks/ebbwatch"],
    ),
]
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="for people",
        examples=["CRM"],
    ),
]
Plan = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _whole(value: object) -> object:
    """JSON has one kind of number: 24.0 is an integer (JSON Schema, 6.3)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Number = Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(_whole)]
Hours = Annotated[int, Field(ge=0, le=720), BeforeValidator(_whole)]
_NUMBER_OF: Final = "of the entry in the feed: its cursor"


def _strict(**example: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [example]})


class Filter(BaseModel):
    """Which alerts are delivered; what is left out or empty lets all pass."""

    model_config = _strict(events=["alert.raised"], tiers=["high"], minimum_value=50.0)

    events: list[Event] = Field([], max_length=10, description="kinds of events", examples=[["alert.raised"]])
    tiers: list[Literal["medium", "high"]] = Field(
        [], max_length=10, description="tiers of raised and returned alerts", examples=[["high"]]
    )
    plans: list[Plan] = Field([], max_length=100, description="the user's plan", examples=[["premium"]])
    minimum_value: float = Field(
        0.0,
        ge=0,
        le=1e12,
        allow_inf_nan=False,
        description="money at risk, major units, of alerts about users",
        examples=[50.0],
    )
    urgent: bool = Field(False, description="only alerts that cannot wait", examples=[False])

    def stored(self) -> WebhookFilter:
        """As it is kept."""
        return WebhookFilter(
            events=tuple(self.events),
            tiers=tuple(self.tiers),
            plans=tuple(self.plans),
            minimum_value=self.minimum_value,
            urgent=self.urgent,
        )


class NewWebhook(BaseModel):
    """A webhook to be."""

    model_config = _strict(
        url="https://crm.example.com/hooks/ebbwatch", name="CRM", filter={"tiers": ["high"]}
    )

    url: Url
    name: Name
    filter: Filter = Field(default_factory=Filter)
    enabled: bool = Field(True, description="off is a pause: nothing is lost")
    start: Literal["now", "beginning"] = Field(
        "now", description="only what comes from now on, or all that is in the feed"
    )


class WebhookChange(BaseModel):
    """What shall be different; what is left out or null stays."""

    model_config = _strict(enabled=False)

    url: Url | None = None
    name: Name | None = None
    filter: Filter | None = Field(None, description="takes the place of the whole former filter")
    enabled: bool | None = Field(
        None, description="false pauses, true goes on where it stood, also after the courier has paused it"
    )


class Rotation(BaseModel):
    """How a secret is followed by another."""

    model_config = _strict(overlap_hours=24)

    overlap_hours: Hours = Field(
        24, description="the former secrets go on signing for so long", examples=[24]
    )


class Replay(BaseModel):
    """Which dead deliveries to bring back."""

    model_config = _strict(numbers=[1042])

    numbers: list[Number] | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="of the deliveries; all if left out",
        examples=[[1042]],
    )


class SecretView(BaseModel):
    """A secret of which only the holder knows what it is."""

    created: int = Field(description="ms")
    expires: int | None = Field(description="ms; null for the newest one, which does not")


class WebhookView(BaseModel):
    """A webhook."""

    id: str = Field(examples=["wh_4f6c1d2e3a5b7c80"])
    name: str
    url: str
    filter: Filter
    enabled: bool
    state: State = Field(
        description="closed: deliveries run; open: left alone for a while after failures in a row; half_open: one "
        "delivery tries whether it is back; paused: until a person enables it"
    )
    paused_why: Literal["", "off", "gone", "failing"] = Field(
        description="off: by a person; gone: it has answered 410; failing: for five days"
    )
    waiting: int = Field(description="deliveries that wait")
    dead: int = Field(description="deliveries that were given up")
    oldest_waiting: int | None = Field(description="ms: since when the oldest one waits")
    secrets: list[SecretView] = Field(description="newest first; each that holds signs")
    created: int = Field(description="ms")
    created_by: str = Field(description="name of the API key")


class WebhookSecretView(WebhookView):
    """A webhook with its newest secret."""

    secret: str = Field(
        description="for the receiver; shown this once", examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
    )


class WebhookPage(BaseModel):
    """Some of them."""

    items: list[WebhookView]
    next: str | None = Field(description="cursor of the next page, null at the end")


class DeliveryView(BaseModel):
    """One attempt."""

    delivery: str = Field(
        description="header `webhook-id`", examples=["msg_0b3f3c1c52e3c5c9e1c9a1d0f3b4a596"]
    )
    number: int = Field(description=_NUMBER_OF)
    at: int = Field(description="ms: the end of the attempt")
    ms: int = Field(description="how long it took")
    attempt: int = Field(description="1 for the first")
    outcome: str = Field(
        description="delivered, failed (is tried again), dead (given up), gone (410), withdrawn (the entry was "
        "taken away)"
    )
    status: int | None = Field(description="of the receiver's answer; null if there was none")
    fault: str = Field(
        description="why there was none: timeout, dns, tls, connection, protocol, refused_target, invalid_url"
    )


class DeliveryPage(BaseModel):
    """Some of them, the newest first."""

    items: list[DeliveryView]
    next: str | None = Field(description="cursor of the next page, null at the end")


class DeadView(BaseModel):
    """A delivery that was given up."""

    delivery: str = Field(description="header `webhook-id`")
    number: int = Field(description=_NUMBER_OF)
    attempts: int
    at: int = Field(description="ms: the last attempt")
    status: int | None
    fault: str


class DeadPage(BaseModel):
    """Some of them, in the order of the feed."""

    items: list[DeadView]
    next: str | None = Field(description="cursor of the next page, null at the end")


class Replayed(BaseModel):
    """What was brought back."""

    replayed: int = Field(description="deliveries that were dead and wait now")


class TestResult(BaseModel):
    """What came of a test."""

    __test__ = False  # no test of pytest's

    delivered: bool = Field(description="it was answered with 2xx")
    status: int | None = Field(description="of the answer; null if there was none")
    ms: int = Field(description="how long it took")
    fault: str = Field(description="why there was no answer, in a word")
