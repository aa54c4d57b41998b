"""Answers that are encoded by msgspec: their schema for the OpenAPI document, and the encoding itself."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import xxhash
from fastapi import Request
from fastapi.responses import Response

_REF: Final = "#/$defs/"
_JSON: Final = "application/json"
JSON: Final = _JSON.encode()
"""Content type of what `body_of` gives."""
_encoder: Final = msgspec.json.Encoder()


def body_of(answer: Any) -> bytes:
    """The answer, as JSON."""
    return _encoder.encode(answer)


def encoded(answer: Any) -> Response:
    """The answer, as JSON."""
    return Response(body_of(answer), media_type=_JSON)


def tagged(request: Request, answer: Any) -> Response:
    """The answer with an ETag, or 304 without a body if the caller has it already."""
    return tagged_body(request, _encoder.encode(answer), _JSON)


def tagged_body(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The same for an answer that is encoded already."""
    tag = f'"{xxhash.xxh3_128_hexdigest(body)}"'
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, media_type=media_type, headers={**(headers or {}), "ETag": tag})


def returns(kind: Any, example: Any, description: str = "Answered.") -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of a route: 200 with the schema of a msgspec type and an example of it."""
    shown = msgspec.to_builtins(example)
    return {
        200: {
            "description": description,
            "content": {_JSON: {"schema": schema_of(kind), "example": shown}},
        }
    }


NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Not changed since the answer whose ETag `If-None-Match` names."}
}


def schema_of(kind: Any) -> dict[str, Any]:
    """JSON schema of a msgspec type, with all it refers to in its place."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template=_REF + "{name}")
    found: dict[str, Any] = _inlined(schema, parts)
    return found


def _inlined(value: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            return _inlined(parts[reference.removeprefix(_REF)], parts)
        if isinstance(
            value.get("prefixItems"), list
        ):  # a NamedTuple: OpenAPI 3.1 wants no more items behind them
            value = value | {"items": False}
        return {name: _inlined(part, parts) for name, part in value.items()}
    if isinstance(value, list):
        return [_inlined(part, parts) for part in value]
    return value
