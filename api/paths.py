"""What stands in paths. Requests are routed by the path as it was sent, so that an id may hold a slash."""

from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Path, Request

from api.access.identity import inside
from api.problems import ProblemError
from api.resources import Resources
from domain.events import MAX_ID


def decoded(segment: str) -> str:
    """A user id from its percent-encoded form, decoded once.

    Raises:
        ProblemError: 422, it is none.
    """
    try:
        user = unquote_to_bytes(segment).decode()
    except UnicodeError as fault:
        raise ProblemError(
            422, "invalid_user", "the user id in the path is not UTF-8, percent-encoded"
        ) from fault
    if not 0 < len(user) <= MAX_ID or "\0" in user:
        raise ProblemError(
            422, "invalid_user", f"a user id has 1 to {MAX_ID} characters, and none of them is NUL"
        )
    return user


def _known_as(
    request: Request,
    id_: Annotated[
        str,
        Path(
            alias="id",
            description=f"User id, percent-encoded UTF-8: 1 to {MAX_ID} characters, no NUL.",
            examples=["u0000250"],
            # of the id itself; what arrives here is its encoded form, which `decoded` checks
            json_schema_extra={"minLength": 1, "maxLength": MAX_ID, "pattern": "^[^\\x00]+$"},
        ),
    ],
) -> str:
    resources: Resources = request.app.state.resources
    return inside(decoded(id_), resources.config.id_secret)


UserId = Annotated[str, Depends(_known_as)]
"""``{id}`` of a path, as the user is known inside."""
