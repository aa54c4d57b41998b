"""User ids in paths: whatever an id consists of, also slashes.

The app routes on the path as it was sent, percent-encoded (`api.envelope`), and here it is decoded, once.
"""

from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Path, Request
from pydantic import AfterValidator

from api.access.identity import inside
from api.resources import Resources
from domain.events import MAX_ID


def decoded(text: str) -> str:
    """A path parameter as it was meant.

    Raises:
        ValueError: no UTF-8, empty, too long, or with a NUL.
    """
    try:
        id_ = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("is no UTF-8") from None
    if not id_ or len(id_) > MAX_ID:
        raise ValueError(f"has 1 to {MAX_ID} characters")
    # U+FFFD stands for bytes that are no UTF-8: two such ids would look alike
    if "\0" in id_ or "\ufffd" in id_:
        raise ValueError("has no NUL and no U+FFFD")
    return id_


def _document(schema: dict[str, Any]) -> None:
    # lengths are of the id, not of its percent-encoded text
    schema.update(minLength=1, maxLength=MAX_ID, pattern="^[^\\u0000\\ufffd]+$")


OutsideId = Annotated[
    str,
    Path(
        alias="id",
        description="user id as in the events, percent-encoded",
        examples=["u0000250"],
        json_schema_extra=_document,
    ),
    AfterValidator(decoded),
]
"""``{id}`` of a path, as the product knows the user."""


async def _known_as(request: Request, id_: OutsideId) -> str:
    resources: Resources = request.app.state.resources
    return inside(id_, resources.config.id_secret)


KnownUser = Annotated[str, Depends(_known_as)]
"""``{id}`` of a path, as the user is known inside."""
