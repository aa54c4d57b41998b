"""The calls that Segment's libraries make; their write key is an API key with the scope ingest."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response, Security

from api.access.guard import guard
from api.ingest.admission import Result, require_json
from api.ingest.answers import SegmentAnswer
from api.ingest.document import batch_body, message_body
from api.ingest.requests import body_of
from api.problems import answers, problem
from api.resources import Resources, resources_of
from api.segment.calls import messages_of, translate
from api.segment.fields import mapping
from api.segment.mapping import Around
from domain.control import ApiKey

router = APIRouter(tags=["Segment"])

_ABOUT: Final = {"userId": "user-17", "messageId": "a1", "timestamp": "2026-11-25T09:30:00Z"}
_SINGLE: Final[dict[str, dict[str, Any]]] = {
    "track": _ABOUT | {"event": "Order Completed", "properties": {"order_id": "o-1", "revenue": 19.9}},
    "identify": _ABOUT | {"traits": {"plan": "pro"}},
    "page": _ABOUT | {"name": "Pricing", "properties": {"path": "/pricing"}},
    "screen": _ABOUT | {"name": "Home"},
    "group": _ABOUT | {"groupId": "team-1"},
    "alias": _ABOUT | {"previousId": "anonymous-1"},
}
_BATCH: Final = {
    "batch": [
        _SINGLE["identify"] | {"type": "identify"},
        _SINGLE["track"] | {"type": "track", "messageId": "a2"},
    ],
    "sentAt": "2026-11-25T09:30:01Z",
}
_SUMMARIES: Final = {
    "track": "Segment: what a user did",
    "identify": "Segment: who a user is",
    "page": "Segment: a page was seen",
    "screen": "Segment: a screen was seen",
    "group": "Segment: to whom a user belongs (counted, merges nothing)",
    "alias": "Segment: another id of a user (counted, merges nothing)",
    "batch": "Segment: several messages",
    "import": "Segment: several messages of the past",
}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": SegmentAnswer, "description": "Kafka has all that are accepted or dead-lettered."},
    **answers(400, 401, 403, 408, 413, 415, 422, 429, 503),
}

Route = Callable[..., Awaitable[Response]]


def _route(name: str, kind: str | None) -> Route:
    async def call(
        request: Request,
        key: Annotated[ApiKey, Security(guard, scopes=["ingest"])],  # noqa: ARG001 - it is the rule of the route
        resources: Annotated[Resources, Depends(resources_of)],
    ) -> Response:
        body = require_json(await body_of(request))
        messages, sent_at = messages_of(body, kind)
        intake = resources.intake
        around = Around(
            sent_at=sent_at,
            context=mapping(mapping(body).get("context")),
            received_ms=time.time_ns() // 1_000_000,
            secret=resources.config.id_secret,
        )
        done = translate(messages, around, await intake.served.recent())
        await intake.deliver(done.records, done.letters)
        counts = Counter(result.status for result in done.results)
        for result, count in counts.items():
            intake.metrics.events.labels("segment", result).inc(count)
        for spoken, count in done.kinds.items():
            intake.metrics.messages.labels(spoken).inc(count)
        if kind is not None and counts["rejected"]:
            return _refused(done.results[0])
        names = ("accepted", "dead_lettered", "ignored", "rejected")
        answer = {"success": True, **{name: counts[name] for name in names}, "results": done.results}
        return Response(msgspec.json.encode(answer), 200, media_type="application/json")

    call.__name__ = f"segment_{name}"
    call.__doc__ = (
        "Mapped to events by the table in `docs/api-ingest.md`; answered when Kafka has acknowledged them."
    )
    return call


def _refused(result: Result) -> Response:
    fault = {"field": f"body.{result.field}", "message": result.message}
    return problem(
        422, result.reason or "rejected", "the message cannot be used: see `errors`", errors=[fault]
    )


def _add(name: str, kind: str | None, body: dict[str, Any]) -> None:
    router.post(
        f"/v1/{name}",
        summary=_SUMMARIES[name],
        response_model=None,
        responses=_RESPONSES,
        openapi_extra={"requestBody": body},
    )(_route(name, kind))


for _name in ("batch", "import"):
    _add(_name, None, batch_body(_BATCH))
for _name, _example in _SINGLE.items():
    _add(_name, _name, message_body(_name, _example))
