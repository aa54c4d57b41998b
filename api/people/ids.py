"""User ids in requests: one rule for all routes."""

from typing import Annotated, Final

from fastapi import Depends, Path, Request
from pydantic import AfterValidator, StringConstraints

from api.access.identity import inside
from api.paths import constrained, decoded
from api.resources import Resources

LONGEST: Final = 128
# no NUL, and none that stands for bytes that are no UTF-8: two such ids would look alike
_PATTERN: Final = "^[^\\x00\\uFFFD]+$"

UserId = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=_PATTERN)]
"""In a body."""


def known_as(
    request: Request,
    id_: Annotated[
        str,
        Path(
            alias="id",
            description="User id, percent-encoded.",
            examples=["u0000250"],
            json_schema_extra=constrained,
        ),
        AfterValidator(decoded),
    ],
) -> str:
    """The id under which the user of the path is known inside."""
    resources: Resources = request.app.state.resources
    return inside(id_, resources.config.id_secret)


KnownUser = Annotated[str, Depends(known_as)]
"""In the path."""
