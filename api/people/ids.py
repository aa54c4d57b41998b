"""User ids in requests: one rule for all routes."""

from typing import Annotated, Final

from fastapi import Depends, Path, Request
from pydantic import StringConstraints

from api.access.identity import inside
from api.resources import Resources

LONGEST: Final = 128
# no NUL, and none that stands for bytes that are no UTF-8: two such ids would look alike
_PATTERN: Final = "^[^\\x00\\uFFFD]+$"

UserId = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=_PATTERN)]
"""In a body."""


OutsideId = Annotated[
    str,
    Path(
        alias="id",
        min_length=1,
        max_length=LONGEST,
        pattern=_PATTERN,
        description="User id, percent-encoded. One with a slash in it: use `POST /v1/users/risk`.",
        examples=["u0000250"],
    ),
]
"""In the path, as the product knows the user."""


async def known_as(request: Request, id_: OutsideId) -> str:
    """The id under which the user of the path is known inside."""
    resources: Resources = request.app.state.resources
    return inside(id_, resources.config.id_secret)


KnownUser = Annotated[str, Depends(known_as)]
"""In the path, as the user is known inside."""
