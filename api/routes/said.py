"""What people tell of users and alerts: contacts, opt-outs, notes, what came of it; no label to learn from."""

import secrets
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Response, Security
from pydantic import BaseModel

from api.access.guard import guard
from api.alerts.deciding import answer, wall, write
from api.alerts.parameters import READ, WRITE, AlertId, Limit
from api.alerts.said import (
    CAMPAIGN,
    Contacts,
    ContactView,
    Feedbacks,
    FeedbackView,
    NewContact,
    NewFeedback,
    NewNote,
    NewOptOut,
    Notes,
    NoteView,
    OptOuts,
    OptOutView,
    cut,
    said,
    shown,
)
from api.paths import KnownUser
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from api.routes.alerts import known
from domain.control import ApiKey, Contact, Feedback, Note, OptOut, Record

router = APIRouter(prefix="/v1", tags=["team"])

_AHEAD_MS: Final = 60_000

Here = Annotated[Resources, Depends(resources_of)]
Team = Annotated[ApiKey, Security(guard, scopes=["alerts"])]
Cursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,18}\.[A-Za-z0-9_.:-]{1,80}$",
        description="`next` of the page before",
        examples=["1764111600000.5f3a"],
    ),
]


def _made(model: type[BaseModel], *more: int) -> dict[int | str, dict[str, Any]]:
    pending = "it is written and kept, and will be seen in a moment"
    return {
        201: {"model": model},
        202: {"model": model, "description": pending},
        **answers(*more, *WRITE),
    }


def _listed(model: type[BaseModel], *more: int) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}, **answers(*more, *READ)}


async def _create(here: Resources, record: Record) -> Response:
    return answer(shown(record), 201, seen=await write(here, [record]))


def _page(found: list[Any], cursor: str | None, limit: int) -> Response:
    return Response(msgspec.json.encode(cut(found, cursor, limit)), media_type="application/json")


@router.post(
    "/users/{id}/contacts",
    summary="The team has contacted a user",
    status_code=201,
    responses=_made(ContactView, 409),
)
async def add_contact(key: Team, here: Here, user_id: KnownUser, body: NewContact) -> Response:
    """A treatment: the user is left alone for a while, the facts learn of it, and what becomes of the user is not
    learned from.
    """
    now = wall()
    at = now if body.at is None else body.at
    if at > now + _AHEAD_MS:
        raise ProblemError(409, "not_yet", "`at` lies in the future")
    record = Contact(id=_new(), user=user_id, at=at, by=key.name, how=body.how, alert=body.alert)
    return await _create(here, record)


@router.get("/users/{id}/contacts", summary="Contacts of a user", responses=_listed(Contacts))
async def contacts(
    _: Team, here: Here, user_id: KnownUser, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Oldest first."""
    return _page(await said(here.store, user_id, Contact), cursor, limit)


@router.post(
    "/users/{id}/opt-outs",
    summary="A user is not to be alerted",
    status_code=201,
    responses=_made(OptOutView),
)
async def add_opt_out(key: Team, here: Here, user_id: KnownUser, body: NewOptOut) -> Response:
    """By the user's own wish, or while a campaign runs; the same reason again takes the place of the former."""
    record = OptOut(id=body.reason, user=user_id, at=wall(), by=key.name, until=body.until)
    return await _create(here, record)


@router.get("/users/{id}/opt-outs", summary="Why a user is not to be alerted", responses=_listed(OptOuts))
async def opt_outs(
    _: Team, here: Here, user_id: KnownUser, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Oldest first, also those that are over."""
    return _page(await said(here.store, user_id, OptOut), cursor, limit)


@router.delete(
    "/users/{id}/opt-outs/{reason}",
    summary="A user may be alerted again",
    status_code=204,
    response_class=Response,
    responses={
        202: {"description": "it is written and kept, and will be seen in a moment"},
        **answers(404, *READ),
    },
)
async def remove_opt_out(
    key: Team,
    here: Here,
    user_id: KnownUser,
    reason: Annotated[str, Path(pattern=CAMPAIGN, examples=["campaign:spring"])],
) -> Response:
    """Ends one reason, and keeps who ended it; another may still stand."""
    now = wall()
    stands = await said(
        here.store, user_id, OptOut, lambda one: one.id == reason and (one.until == 0 or now < one.until)
    )
    if not stands:
        raise ProblemError(404, "unknown_opt_out", "the user has not opted out for this reason")
    ended = [msgspec.structs.replace(one, until=now, by=key.name) for one in stands]
    seen = await write(here, ended)
    return Response(status_code=204 if seen else 202)


@router.post(
    "/users/{id}/notes",
    summary="Write down something about a user",
    status_code=201,
    responses=_made(NoteView),
)
async def add_user_note(key: Team, here: Here, user_id: KnownUser, body: NewNote) -> Response:
    """For the team."""
    return await _create(here, Note(id=_new(), user=user_id, text=body.text, by=key.name, at=wall()))


@router.get("/users/{id}/notes", summary="Notes about a user", responses=_listed(Notes))
async def user_notes(
    _: Team, here: Here, user_id: KnownUser, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Those about the user's alerts, too; oldest first."""
    return _page(await said(here.store, user_id, Note), cursor, limit)


@router.post(
    "/alerts/{alert_id}/notes",
    summary="Write down something about an alert",
    status_code=201,
    responses=_made(NoteView, 404),
)
async def add_alert_note(key: Team, here: Here, alert_id: AlertId, body: NewNote) -> Response:
    """For the team."""
    user = (await known(here, alert_id)).user
    record = Note(id=_new(), user=user, text=body.text, by=key.name, at=wall(), alert=alert_id)
    return await _create(here, record)


@router.get("/alerts/{alert_id}/notes", summary="Notes about an alert", responses=_listed(Notes, 404))
async def alert_notes(
    _: Team, here: Here, alert_id: AlertId, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Oldest first."""
    user = (await known(here, alert_id)).user
    return _page(await said(here.store, user, Note, lambda one: one.alert == alert_id), cursor, limit)


@router.post(
    "/alerts/{alert_id}/feedback",
    summary="What came of an alert",
    status_code=201,
    responses=_made(FeedbackView, 404),
)
async def add_feedback(key: Team, here: Here, alert_id: AlertId, body: NewFeedback) -> Response:
    """Saved, a false alarm, or gone. Kept apart from the labels that models learn from: those come from events."""
    user = (await known(here, alert_id)).user
    record = Feedback(id=_new(), user=user, alert=alert_id, verdict=body.verdict, at=wall(), by=key.name)
    return await _create(here, record)


@router.get(
    "/alerts/{alert_id}/feedback", summary="What people said of an alert", responses=_listed(Feedbacks, 404)
)
async def feedback(
    _: Team, here: Here, alert_id: AlertId, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Oldest first."""
    user = (await known(here, alert_id)).user
    found = await said(here.store, user, Feedback, lambda one: one.alert == alert_id)
    return _page(found, cursor, limit)


def _new() -> str:
    return secrets.token_hex(8)
