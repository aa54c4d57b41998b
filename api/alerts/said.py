"""What people have said of users: shapes, and how it is read."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from redis import asyncio as aredis

from api.whole import WHOLE, Whole
from control import tables
from domain.control import Record, decode

CAMPAIGN: Final = r"^(opted_out|campaign:[A-Za-z0-9_.-]{1,64})$"


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewNote(_Closed):
    """A note."""

    text: str = Field(min_length=1, max_length=4000, examples=["Asked for an invoice by post."])


class NewContact(_Closed):
    """Somebody has contacted the user."""

    at: Annotated[int, Field(ge=946_684_800_000, lt=1 << 53), WHOLE] | None = Field(
        None,
        description="ms since 1970; now if absent, never later than now",
        examples=[1764111600000],
    )
    how: str = Field("", max_length=128, examples=["phone"])
    alert: str = Field("", pattern="^([0-9a-f]{16})?$", description="the alert that led to it, if one did")


class NewFeedback(_Closed):
    """What came of an alert."""

    verdict: Literal["saved", "false_alarm", "gone"]


class NewOptOut(_Closed):
    """Why the user shall not be alerted."""

    reason: str = Field(
        "opted_out", pattern=CAMPAIGN, description="`opted_out`, or `campaign:<name>` while one runs"
    )
    until: Whole = Field(0, ge=0, lt=1 << 53, description="ms since 1970; 0 for ever")


class Said(BaseModel):
    """One thing that was said."""

    id: str
    user: str
    at: int = Field(description="ms since 1970")
    by: str = Field(description="name of the API key")


class NoteView(Said):
    """A note of the team."""

    text: str
    alert: str = Field(description="empty if it is about the user")


class ContactView(Said):
    """A contact: a treatment."""

    how: str
    alert: str


class FeedbackView(Said):
    """What came of an alert, in the team's eyes."""

    alert: str
    verdict: Literal["saved", "false_alarm", "gone"]


class OptOutView(Said):
    """A user is not to be alerted."""

    until: int


class Notes(BaseModel):
    """Oldest first."""

    items: list[NoteView]
    next: str | None


class Contacts(BaseModel):
    """Oldest first."""

    items: list[ContactView]
    next: str | None


class Feedbacks(BaseModel):
    """Oldest first."""

    items: list[FeedbackView]
    next: str | None


class OptOuts(BaseModel):
    """Oldest first."""

    items: list[OptOutView]
    next: str | None


def shown(record: Record) -> dict[str, Any]:
    """The record as its view."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    del found["kind"]
    return found


async def said(
    store: aredis.Redis, user: str, kind: type[Record], wanted: Callable[[Any], bool] = lambda _: True
) -> list[Any]:
    """Records of one kind about a user, oldest first."""
    reading: Any = store.hgetall(tables.of_user(user))
    prefix = f"{kind.__struct_config__.tag}/".encode()
    stored: dict[bytes, bytes] = await reading
    found = [decode(value) for name, value in stored.items() if name.startswith(prefix)]
    return sorted((one for one in found if wanted(one)), key=_place)


def cut(found: list[Any], cursor: str | None, limit: int) -> dict[str, Any]:
    """One page of records; the cursor names the last one of the page before."""
    if cursor is not None:
        at, _, id_ = cursor.partition(".")
        found = [one for one in found if _place(one) > (int(at), id_)]
    page = found[:limit]
    more = len(found) > limit
    return {"items": [shown(one) for one in page], "next": f"{page[-1].at}.{page[-1].id}" if more else None}


def _place(record: Any) -> tuple[int, str]:
    return record.at, record.id
