"""User ids in paths: whatever an id consists of, also slashes.

The app routes on the path as it was sent, percent-encoded (`api.envelope`), and here it is decoded, once.
"""

from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Path
from pydantic import AfterValidator

MAX_ID: int = 128
"""Characters of a user id (`domain.events`)."""


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
    if (
        "\0" in id_ or "\ufffd" in id_
    ):  # the latter stands for bytes that are no UTF-8: two such ids would look alike
        raise ValueError("has no NUL and no U+FFFD")
    return id_


def constrained(schema: dict[str, Any]) -> None:
    """For a parameter's schema."""
    # lengths are of the id, not of its percent-encoded text
    schema.update(minLength=1, maxLength=MAX_ID, pattern="^[^\\u0000\\ufffd]+$")


UserId = Annotated[
    str,
    Path(
        description="as in the events; percent-encoded", examples=["user-17"], json_schema_extra=constrained
    ),
    AfterValidator(decoded),
]
"""Path parameter ``user_id``."""
