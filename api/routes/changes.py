"""Users whose tier has changed, for CRM systems that take over what is new since their last call."""

from typing import Annotated, Any, Final, cast

import msgspec
from fastapi import APIRouter, Depends, Header, Response, Security
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import guard
from api.alerts.media import chosen
from api.alerts.parameters import READ, Limit, NumberCursor
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from control import tables
from domain.changes import Change
from domain.control import ApiKey
from storage.spreadsheet import written

router = APIRouter(prefix="/v1/users", tags=["users"])

JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"
CSV: Final = "text/csv"
_COLUMNS: Final = ("external_id", "score", "tier", "reason", "as_of")
_ROW: Final[dict[str, Any]] = {
    "external_id": "u-4711",
    "score": 0.74,
    "tier": "high",
    "reason": "no session for 12 days",
    "as_of": 1764111600000,
}


class Row(BaseModel):
    """One user, as of the last change."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ROW]})

    external_id: str = Field(description="the user's id as in the events")
    score: float | None = Field(description="risk; null for who is gone")
    tier: str
    reason: str = Field(description="the heaviest, in words; empty where the risk has fallen")
    as_of: int = Field(description="ms since 1970")


class Changes(BaseModel):
    """Some users, in the order of their last change."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_ROW], "next": None, "cursor": "1841"}]}
    )

    items: list[Row]
    next: str | None = Field(description="cursor of the next page; null if there is none yet")
    cursor: str = Field(description="where to go on later: store it once the items are dealt with")


_CURSOR_HEADERS: Final = {
    "Next-Cursor": {
        "description": "where to go on later; as `cursor` in JSON",
        "schema": {"type": "string"},
    }
}


@router.get(
    "/changes",
    summary="Users whose tier has changed since a cursor",
    responses={
        200: {
            "model": Changes,
            "content": {
                LINES: {"schema": {"type": "string"}, "example": msgspec.json.encode(_ROW).decode() + "\n"},
                CSV: {
                    "schema": {"type": "string"},
                    "example": "external_id,score,tier,reason,as_of\r\nu-4711,0.74,high,,1764111600000\r\n",
                },
            },
            "headers": _CURSOR_HEADERS,
        },
        **answers(406, *READ),
    },
)
async def changes(
    _: Annotated[ApiKey, Security(guard, scopes=["alerts"])],
    here: Annotated[Resources, Depends(resources_of)],
    cursor: NumberCursor = None,
    limit: Limit = 100,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
) -> Response:
    """Each user once, with the last change of tier that raised or resolved an alert, whether the alert was handed out
    or not. Users of the holdout are left out: nobody shall treat them. As JSON, JSON lines or CSV, by `Accept`.
    """
    media = chosen(accept, (JSON, LINES, CSV))
    if media is None:
        raise ProblemError(406, "not_acceptable", f"there are {JSON}, {LINES} and {CSV}")
    after = int(cursor or 0)
    found, more = await _after(here, after, limit)
    last = str(found[-1].number if found else after)
    rows = [_row(change) for change in found]
    headers = {"Next-Cursor": last, "Vary": "Accept"}
    if media == JSON:
        body = msgspec.json.encode({"items": rows, "next": last if more else None, "cursor": last})
    elif media == LINES:
        body = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    else:
        body = written(rows, _COLUMNS)
    return Response(body, headers=headers, media_type=media)


async def _after(here: Resources, number: int, limit: int) -> tuple[list[Change], bool]:
    """Changes behind a number, and whether there are more.

    A user who changes between the two reads has left this page, and comes again behind all others.
    """
    reading: Any = here.store.zrangebyscore(
        tables.CHANGES, f"({number}", "+inf", 0, limit + 1, withscores=True
    )
    places: list[tuple[bytes, float]] = await reading
    more, places = len(places) > limit, places[:limit]
    if not places:
        return [], False
    rows: Any = here.store.hmget(tables.CHANGED, [user for user, _ in places])
    stored = cast("list[bytes | None]", await rows)
    read = [msgspec.json.decode(value, type=Change) for value in stored if value is not None]
    numbers = {user.decode(): int(at) for user, at in places}
    kept = [msgspec.structs.replace(change, number=numbers[change.user]) for change in read]
    return kept, more


def _row(change: Change) -> dict[str, Any]:
    return {
        "external_id": change.user,
        "score": change.score,
        "tier": change.tier,
        "reason": change.reason,
        "as_of": change.as_of,
    }
