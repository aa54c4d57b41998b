"""Signing in with a key of the API, and out again: a plain form, so that nobody else reaches the pages' machinery."""

import time
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from console.access.guard import SIGN_IN
from console.access.sessions import COOKIE, Session, Sessions
from console.calling.caller import AwayError, Caller, RefusedError
from console.metrics import ConsoleMetrics

SIGN_OUT: Final = "/sign-out"
_TEMPLATES: Final = Jinja2Templates(Path(__file__).parents[1] / "templates")
_MOST_BYTES: Final = 8192
USEFUL: Final = frozenset({"read", "alerts", "admin", "workspaces"})
"""Scopes of which the console shows something."""
_WHY: Final = {
    "idle": "You were signed out because nothing happened for a while.",
    "out": "You are signed out.",
    "key": "The key holds no longer: it was revoked or has expired.",
}


def signing(caller: Caller, sessions: Sessions, metrics: ConsoleMetrics) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)

    @router.get(SIGN_IN)
    async def form(
        request: Request, next_: Annotated[str, Query(alias="next")] = "/", why: str = ""
    ) -> Response:
        return _page(request, next_, note=_WHY.get(why, ""))

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        given = parse_qs((await _body(request)).decode("utf-8", "replace"))
        next_, key = given.get("next", ["/"])[0], given.get("key", [""])[0].strip()
        try:
            known = await caller.with_key(key).get("/v1/keys/self")
        except AwayError as fault:
            return _page(request, next_, str(fault), status=503)
        except RefusedError as fault:
            metrics.refused("key")
            return _page(request, next_, _refusal(fault), status=401)
        scopes = frozenset(known["scopes"])
        if not scopes & USEFUL:
            metrics.refused("scopes")
            has = ", ".join(sorted(scopes)) or "none"
            wanted = "This key has not the scopes that the console needs: read, alerts, workspaces or admin. It has: "
            return _page(request, next_, f"{wanted}{has}.", status=403)
        sessions.end(request.state.session_id or "")
        id_ = sessions.begin(Session(key, known["name"] or known["id"], scopes, time.monotonic()))
        answer = RedirectResponse(inside(next_), 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, id_, httponly=True, samesite="strict", secure=secure, path="/")
        return answer

    @router.post(SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        sessions.end(request.state.session_id or "")
        answer = RedirectResponse(f"{SIGN_IN}?why=out", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return router


def inside(path: str) -> str:
    """A path of this site, `/` for what is none: nobody is sent elsewhere by a link."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def _refusal(fault: RefusedError) -> str:
    if fault.status == 401:
        return "This key is not known, or holds no longer. A new one holds a second after it was made."
    return f"The API does not take this key: {fault}"


def _page(request: Request, next_: str, fault: str = "", note: str = "", status: int = 200) -> Response:
    shown = {"fault": fault, "note": note, "next": inside(next_)}
    return _TEMPLATES.TemplateResponse(
        request, "sign_in.html", shown, status_code=status, headers={"Cache-Control": "no-store"}
    )


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return b""
    return body
