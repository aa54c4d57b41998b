"""The door: which key a request carries, and whether it may pass. One dependency for every guarded route."""

import base64
import binascii
import time
from typing import Any, Final

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


async def guard(scopes: SecurityScopes, request: Request) -> ApiKey:
    """The key of the request; raises as `admitted`."""
    sent = request.headers.get("authorization", "")
    return await admitted(request.app.state.resources, sent, request.scope["state"], frozenset(scopes.scopes))


async def admitted(here: Resources, sent: str, state: dict[str, Any], scopes: frozenset[str]) -> ApiKey:
    """The key of a request that may pass.

    Args:
        sent: its header Authorization, empty without one.
        state: ``scope["state"]``: key, scopes and what is left of the rate are noted there.
        scopes: that the key must have.

    Raises:
        ProblemError: 401 without a key that holds, 403 without the scope, 429 above its rate.
    """
    state["scopes"] = scopes
    text = _key_in(sent)
    token = parse(text)
    key = None if token is None else here.keyring.find(token, int(time.time() * 1000))
    if key is None:
        detail = (
            "the key is unknown, revoked or expired"
            if text
            else "a key is needed: `Authorization: Bearer KEY`"
        )
        raise ProblemError(401, "unauthorized", detail, _CHALLENGE)
    state["key"] = key
    missing = scopes.difference(key.scopes)
    if missing:
        lacking = " and ".join(sorted(missing))
        raise ProblemError(403, "forbidden", f"the key lacks the scope {lacking} (of {', '.join(SCOPES)})")
    await here.limiter.take(state, key)
    return key


def _key_in(sent: str) -> str:
    """The key as it was sent, empty if there is none."""
    scheme, _, rest = sent.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    return _basic_user(rest) if scheme.lower() == "basic" else ""


def _basic_user(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("ascii").partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
