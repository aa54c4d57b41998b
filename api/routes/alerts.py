"""Alerts: the feed that programs follow, single alerts with their history, and the steps that people take."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Response, Security
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.access.guard import guard
from api.alerts.models import AlertView, Feed, StateName
from api.alerts.parameters import READ, AlertId, Limit, NumberCursor
from api.alerts.reading import Wanted, alert, last_number, page
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from control.feed import entries_after_async
from domain.alert_life import AlertState
from domain.control import ApiKey

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

_JSON: Final = "application/json"
_LOOK_S: Final = 0.25
_STREAM_S: Final = 900.0
"""A stream ends after so long and its reader comes again: so that a revoked key does not read on."""
_AT_ONCE: Final = 500

Here = Annotated[Resources, Depends(resources_of)]
Reader = Annotated[ApiKey, Security(guard, scopes=["alerts"])]


@router.get(
    "",
    summary="Follow alerts, each exactly once",
    responses={200: {"model": Feed}, **answers(*READ)},
)
async def feed(
    _: Reader,
    here: Here,
    cursor: NumberCursor = None,
    limit: Limit = 100,
    state: Annotated[
        StateName | None, Query(description="only alerts that are in this state now; for people")
    ] = None,
    tier: Annotated[
        Literal["medium", "high"] | None, Query(description="only alerts of this tier; for people")
    ] = None,
) -> Response:
    """The feed is one sequence that never changes: whoever stores `cursor` after each page misses none and sees none
    twice. With `state` or `tier`, the alerts that are so now, as they are now.
    """
    after = int(cursor or 0)
    end = await last_number(here.store)  # before the page: what comes in between is behind it
    found = await page(here.store, after, limit, Wanted(state, tier))
    last = str(found.last)
    body = {"items": found.entries, "next": last if found.more else None, "cursor": last, "end": str(end)}
    return Response(msgspec.json.encode(body), media_type=_JSON)


@router.get(
    "/stream",
    summary="Alerts as they are handed out, as server-sent events",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "events named as in the feed; `id` is the entry's number, `data` the entry in JSON",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **answers(*READ),
    },
)
async def stream(
    _: Reader,
    here: Here,
    cursor: NumberCursor = None,
    last_event_id: Annotated[
        str | None,
        Header(pattern="^[0-9]{0,18}$", description="the last id that was read: goes on behind it"),
    ] = None,
) -> EventSourceResponse:
    """Goes on behind `Last-Event-ID`, or else behind `cursor`, or else with what comes from now on. An empty event
    tells at once where it begins; the stream ends after a quarter of an hour, and readers come again by themselves.
    """
    text = last_event_id or cursor
    after = int(text) if text else await last_number(here.store)
    return EventSourceResponse(_events(here, after), ping=15)


@router.get(
    "/{alert_id}",
    summary="One alert with all that has happened to it",
    responses={200: {"model": AlertView}, **answers(404, *READ)},
)
async def one(_: Reader, here: Here, alert_id: AlertId) -> Response:
    """Also of alerts that wait or are suppressed; every step with who took it and when."""
    return Response(msgspec.json.encode(shown(await known(here, alert_id))), media_type=_JSON)


async def known(here: Resources, alert_id: str) -> AlertState:
    """An alert.

    Raises:
        ProblemError: 404 if there is none.
    """
    found = await alert(here.store, alert_id)
    if found is None:
        raise ProblemError(404, "unknown_alert", "there is no alert of this id")
    return found


def shown(found: AlertState) -> dict[str, Any]:
    """As `AlertView`."""
    names = ("what", "at", "by", "reason", "until", "owner")
    return {
        "id": found.id,
        "user": found.user,
        "state": found.state,
        "owner": found.owner,
        "until": found.until,
        "reason": found.reason,
        "alert": found.shown,
        "steps": [{name: getattr(step, name) for name in names} for step in found.steps],
    }


async def _events(here: Resources, after: int) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(id=str(after))
    loop = asyncio.get_running_loop()
    end = loop.time() + _STREAM_S
    while loop.time() < end:
        entries = await entries_after_async(here.store, after, _AT_ONCE)
        for entry in entries:
            yield ServerSentEvent(
                msgspec.json.encode(entry).decode(), event=entry.event, id=str(entry.number)
            )
            after = entry.number
        if not entries:
            await asyncio.sleep(_LOOK_S)
