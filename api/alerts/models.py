"""Shapes of what is said of alerts."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

_ALERT: Final[dict[str, Any]] = {
    "id": "9f2c0a51b7d3e846",
    "user": "u-4711",
    "tier": "high",
    "tier_before": "medium",
    "risk": 0.74,
    "risk_before": 0.52,
    "why": "The risk of losing this user has risen from 52 % to 74 %: no session for 12 days.",
    "reasons": [
        "no session for 12 days",
        "2 sessions in 30 days, 11 in the 30 before",
        "the last payment failed 3 days ago",
    ],
    "money_at_risk": 88.8,
    "gain": -18.92,
    "urgent": False,
    "action": "Reach out in person: the silence is far longer than usual for this user.",
    "link": "/v1/users/u-4711",
    "model": "logistic-000017",
    "as_of": 1764111600000,
    "expires": 1764716400000,
    "state": "open",
    "owner": "",
}
_ENTRY: Final[dict[str, Any]] = {
    "number": 1841,
    "event": "alert.raised",
    "alert": "9f2c0a51b7d3e846",
    "user": "u-4711",
    "at": 1764111663123,
    "body": _ALERT,
}
_STEP: Final[dict[str, Any]] = {
    "what": "acknowledged",
    "at": 1764115263123,
    "by": "crm",
    "reason": "",
    "until": 0,
    "owner": "",
}

StateName = Literal[
    "waiting", "suppressed", "open", "acknowledged", "snoozed", "resolved", "dismissed", "expired"
]
EventName = Literal[
    "alert.raised", "alert.returned", "alert.resolved", "churn_rate.raised", "churn_rate.resolved"
]


class Entry(BaseModel):
    """One entry of the feed: the same for ever, under a number that only grows."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTRY]})

    number: int = Field(description="place in the feed; readers who know it have seen all before it")
    event: EventName
    alert: str = Field(description="id of the alert")
    user: str = Field(description="empty for an alert about a segment of users")
    at: int = Field(description="ms since 1970: when it was handed out, came back or was resolved")
    body: dict[str, Any] = Field(
        description="the alert as people see it at that moment: why, reasons, money at risk, action, link, state"
    )


class Feed(BaseModel):
    """Some entries, in order."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_ENTRY], "next": None, "cursor": "1841", "end": "1841"}]}
    )

    items: list[Entry]
    next: str | None = Field(description="cursor of the next page; null if there is none yet")
    cursor: str = Field(description="where to go on later: store it once the items are dealt with")
    end: str = Field(description="cursor behind everything that there was when this was asked")


class StepTaken(BaseModel):
    """One step in the life of an alert."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STEP]})

    what: str
    at: int = Field(description="ms since 1970")
    by: str = Field(description="name of the API key, or `notifier`")
    reason: str = Field(description="why it is suppressed, or what was said when it was dismissed")
    until: int = Field(description="ms, of a snooze; else 0")
    owner: str = Field(description="of an assignment")


class AlertView(BaseModel):
    """An alert with all that has happened to it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ALERT["id"],
                    "user": "u-4711",
                    "state": "acknowledged",
                    "owner": "",
                    "until": 0,
                    "reason": "",
                    "alert": _ALERT | {"state": "acknowledged"},
                    "steps": [_STEP],
                }
            ]
        }
    )

    id: str
    user: str = Field(description="empty for an alert about a segment of users")
    state: StateName
    owner: str
    until: int = Field(description="ms: end of the last snooze; 0 if there was none")
    reason: str = Field(description="why it is suppressed")
    alert: dict[str, Any] = Field(description="as people see it now")
    steps: list[StepTaken] = Field(description="in their order, all kept")


class Taken(BaseModel):
    """A step of yours was taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": _ALERT["id"], "state": "acknowledged"}]})

    id: str = Field(description="of the alert")
    state: StateName = Field(description="as it is now; with 202 as it was, since the step is on its way")
