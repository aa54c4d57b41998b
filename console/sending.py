"""What pages cannot carry themselves: a file on its way to the API, and what the API has to download."""

import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import unquote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from console.access.sessions import Session
from console.calling.caller import ApiError, Caller, RefusedError

SEND: Final = "/send"
NAME: Final = "X-File-Name"
"""Header with the name of the file, percent-encoded."""
FETCH: Final = "/fetch"
_ID: Final = re.compile("[a-z2-7]{26}")
_NAMES: Final = re.compile(
    r"(predictions|targets)\.csv|summary\.pdf|model-card\.html|charts/[a-z0-9_-]{1,64}\.(svg|png)"
)
"""Of what may be fetched: a path comes from the browser, and leads nowhere else."""


def carrying(caller: Caller) -> APIRouter:
    """The routes; the guard lets nobody come here who is not signed in."""
    router = APIRouter(include_in_schema=False)

    @router.post(SEND)
    async def send(request: Request) -> Response:
        length, name = request.headers.get("content-length"), unquote(request.headers.get(NAME, "file"))
        try:
            made = await _with_key(caller, request).send(
                "/v1/workspaces", {"name": name}, request.stream(), None if length is None else int(length)
            )
        except ApiError as fault:
            status = fault.status if isinstance(fault, RefusedError) else 503
            return PlainTextResponse(str(fault), status)
        return PlainTextResponse(made["id"])

    @router.get(FETCH + "/{id_}/{name:path}")
    async def fetch(request: Request, id_: str, name: str) -> Response:
        if not _ID.fullmatch(id_) or not _NAMES.fullmatch(name):
            raise HTTPException(404, "There is nothing of this name.")
        try:
            kind, content = await _with_key(caller, request).fetch(f"/v1/workspaces/{id_}/{name}")
        except ApiError as fault:
            status = fault.status if isinstance(fault, RefusedError) else 503
            return PlainTextResponse(str(fault), status)
        return _download(kind, content, name.replace("/", "-"))

    return router


def _with_key(caller: Caller, request: Request) -> Caller:
    session: Session = request.state.session
    return caller.with_key(session.key)


def _download(kind: str, content: AsyncIterator[bytes], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(content, media_type=kind, headers=headers)
