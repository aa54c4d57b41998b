"""The call that is made most, past FastAPI: there, dependencies and routing cost more than the answer itself.

It goes through the same checks to the same answer, byte by byte (`tests/integration/test_api_quick.py`). Whatever is
not plain, such as an id that is percent-encoded or breaks the rules, takes the long way.
"""

from typing import Final

from fastapi.routing import APIRoute
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Receive, Scope, Send

from api import away
from api.access.guard import admitted
from api.access.identity import inside
from api.answers import JSON, body_of
from api.paths import decoded
from api.problems import ProblemError, answer_to
from api.resources import Resources
from api.routes import risk

_BEFORE, _AFTER = risk.PATH.split("{id}")
_SCOPES: Final = frozenset({risk.SCOPE})
_ROUTE: Final = next(r for r in risk.router.routes if isinstance(r, APIRoute) and r.endpoint is risk.risk)


class Quick:
    """ASGI middleware: answers ``GET /v1/users/{id}/risk``, and passes everything else on."""

    def __init__(self, app: ASGIApp, resources: Resources) -> None:
        self._app = app
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        user = wanted(scope)
        if user is None:
            await self._app(scope, receive, send)
            return
        here = self._resources
        scope["route"] = _ROUTE  # for metrics and the audit log
        try:
            await admitted(here, _authorization(scope), scope["state"], _SCOPES)
            body = body_of(await here.people.risk(inside(user, here.config.id_secret)))
        except ProblemError as fault:
            await answer_to(fault)(scope, receive, send)
        except RedisError:
            await away.of_store()(scope, receive, send)
        else:
            headers = [(b"content-length", b"%d" % len(body)), (b"content-type", JSON)]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})


def wanted(scope: Scope) -> str | None:
    """Whose risk a request asks for, as the product knows the user; None if it takes the long way."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path: str = scope["path"]
    if not (path.startswith(_BEFORE) and path.endswith(_AFTER)):
        return None
    id_ = path[len(_BEFORE) : -len(_AFTER)]
    if "/" in id_ or "%" in id_:
        return None
    try:
        return decoded(id_)
    except ValueError:  # said with more words there
        return None


def _authorization(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value, "latin-1")
    return ""
