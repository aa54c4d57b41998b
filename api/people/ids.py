"""User ids in bodies; those in paths: `api.paths`."""

from typing import Annotated, Final

from pydantic import StringConstraints

from domain.events import MAX_ID

# no NUL, and none that stands for bytes that are no UTF-8: two such ids would look alike
_PATTERN: Final = "^[^\\x00\\uFFFD]+$"

UserId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=_PATTERN)]
