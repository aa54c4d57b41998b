"""The door: which key a request carries, and whether it may pass. One dependency for every guarded route."""

import base64
import binascii
import time
from typing import Final

from fastapi import Request
from fastapi.security import SecurityScopes

from api.access.secrets import parse
from api.problems import ProblemError
from api.resources import Resources
from domain.control import SCOPES, ApiKey

_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


KEY_SCHEME: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "ebb_<id>_<secret>",
    "description": "`Authorization: Bearer KEY`. Segment's libraries send the key as the user of basic auth.",
}
"""For the OpenAPI document."""


def _sent(request: Request) -> str:
    """The key as it was sent, empty if there is none."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    return _basic_user(rest) if scheme.lower() == "basic" else ""


def _basic_user(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("ascii").partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def guard(scopes: SecurityScopes, request: Request) -> ApiKey:
    """The key of the request.

    Raises:
        ProblemError: 401 without a key that holds, 403 without the scope, 429 above its rate.
    """
    resources: Resources = request.app.state.resources
    request.state.scopes = frozenset(scopes.scopes)
    text = _sent(request)
    token = parse(text)
    key = None if token is None else resources.keyring.find(token, int(time.time() * 1000))
    if key is None:
        detail = (
            "the key is unknown, revoked or expired"
            if text
            else "a key is needed: `Authorization: Bearer KEY`"
        )
        raise ProblemError(401, "unauthorized", detail, _CHALLENGE)
    request.state.key = key
    missing = [scope for scope in scopes.scopes if scope not in key.scopes]
    if missing:
        raise ProblemError(
            403, "forbidden", f"the key lacks the scope {' and '.join(missing)} (of {', '.join(SCOPES)})"
        )
    await resources.limiter.take(request, key)
    return key
