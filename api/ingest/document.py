"""What the OpenAPI document says of events: the one schema, made exact where JSON Schema can be."""

from typing import Any, Final

from domain.events import MAX_TIME_MS, MIN_TIME_MS, Event, json_schema

_DATE: Final = (
    r"(?:20[0-8][0-9]-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8])))"
)
_LEAP: Final = r"(?:20(?:[02468][048]|[1357][26])-02-29)"
_TIME: Final = r"[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_ZONE: Final = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"

EXAMPLE: Final = {
    "event_id": "5c1f1f0e",
    "user_id": "user-17",
    "type": "purchase",
    "time": "2026-11-25T09:30:00Z",
    "platform": "web",
    "product": "mug",
    "amount": 19.9,
}
_VIEW: Final = {"event_id": "5c1f1f0f", "user_id": "user-17", "type": "page_view", "time": 1_795_599_000_000}


def event_schema() -> dict[str, Any]:
    """Of one event, whole and without references."""
    schema: dict[str, Any] = json_schema()["$defs"][Event.__name__]
    properties = schema["properties"]
    properties["time"] = {
        "description": "When it happened: milliseconds since 1970-01-01 UTC, or RFC 3339 with an offset; in the "
        "years 2000 to 2089.",
        "anyOf": [
            {"type": "integer", "minimum": MIN_TIME_MS, "maximum": MAX_TIME_MS - 1},
            {"type": "string", "pattern": f"^(?:{_DATE}|{_LEAP}){_TIME}{_ZONE}$"},
        ],
    }
    properties["user_id"]["pattern"] = r"^[^\u0000]*$"
    for member in properties.values():
        member.pop("default", None)
    return schema | {"description": "One thing that a user did (docs/events.md)."}


def request_body() -> dict[str, Any]:
    """Of ``POST /v1/events``."""
    any_event = {
        "description": "An event; what is none is rejected by itself, with the field and the reason."
    }
    several = {"type": "array", "maxItems": 1000, "items": any_event}
    schema = {
        "anyOf": [
            event_schema(),
            several,
            {"type": "object", "required": ["events"], "properties": {"events": several}},
        ]
    }
    examples = {
        "one": {"summary": "One event", "value": EXAMPLE},
        "list": {"summary": "A list", "value": [EXAMPLE, _VIEW]},
        "named list": {"summary": "A list with a name", "value": {"events": [EXAMPLE, _VIEW]}},
    }
    return _json(schema, examples)


def message_body(kind: str, example: dict[str, Any]) -> dict[str, Any]:
    """Of a Segment call that carries one message."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "userId": {
                "description": "Without one the message is dead-lettered as `no_user`.",
                "anyOf": [
                    {"type": "string", "maxLength": 128, "pattern": r"^[^\u0000]*$"},
                    {"type": "integer", "minimum": -(2**53) + 1, "maximum": 2**53 - 1},
                    {"type": "null"},
                ],
            },
        },
    }
    if kind == "track":
        schema["required"] = ["event"]
        schema["properties"]["event"] = {"type": "string", "minLength": 1, "pattern": r"\S"}
    return _json(schema, {kind: {"summary": f"A {kind} call", "value": example}})


def batch_body(example: dict[str, Any]) -> dict[str, Any]:
    """Of Segment's ``batch`` and ``import``."""
    schema = {
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {
                "type": "array",
                "maxItems": 1000,
                "items": {"description": "A message with its `type`; what is none is rejected by itself."},
            }
        },
    }
    return _json(schema, {"batch": {"summary": "Two messages", "value": example}})


def _json(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}
