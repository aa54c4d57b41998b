"""Trying a prediction by hand: which features there are, from the API's own document, and what is sent."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

_SCHEMAS: Final = ("components", "schemas")
_FEATURES: Final = "Features"
_ASKED: Final = (
    "paths",
    "/v1/predict",
    "post",
    "requestBody",
    "content",
    "application/json",
    "schema",
    "$ref",
)


class Field(NamedTuple):
    """One feature that can be given."""

    name: str
    label: str
    """With unit and window."""
    words: bool
    """Whether it takes text, as a plan does; else a number."""
    low: float | None
    high: float | None


def fields(document: Mapping[str, Any]) -> dict[str, Field]:
    """By name, in the API's order.

    Args:
        document: its OpenAPI document.
    """
    properties = _within(document, _SCHEMAS)[_FEATURES]["properties"]
    return {name: _field(name, schema) for name, schema in properties.items()}


def first_features(document: Mapping[str, Any]) -> dict[str, Any]:
    """With values, to begin with: the document's example."""
    name = str(_within(document, _ASKED)).rpartition("/")[2]
    given: dict[str, Any] = _within(document, _SCHEMAS)[name]["examples"][0]["features"]
    return given


def asked(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent: empty fields are unknown, and left out."""
    return {"features": {name: value for name, value in values.items() if value not in (None, "")}}


def known_features(features: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Of a customer, the chosen ones.

    Args:
        features: of the API's profile.
    """
    values = {one["name"]: one["value"] for one in features}
    return {name: values.get(name) for name in names}


def _within(document: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = document
    for part in path:
        found = found[part]
    return found


def _field(name: str, schema: Mapping[str, Any]) -> Field:
    kind: Mapping[str, Any] = next(
        (one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"), {}
    )
    label = str(schema.get("description", name)).split(":")[0]
    return Field(name, label, kind.get("type") == "string", kind.get("minimum"), kind.get("maximum"))
