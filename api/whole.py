"""Whole numbers in bodies as JSON Schema understands them: 25 and 25.0, but neither true nor "25"."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator


def _whole(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("is no whole number")  # noqa: TRY004 - pydantic takes it as a fault of the value
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE: Final = BeforeValidator(_whole)
"""Behind the limits of an annotation, so that they stand in the schema."""

Whole = Annotated[int, WHOLE]
"""For fields of models that have no limits, or all of them in the field."""
