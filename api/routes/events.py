"""``POST /v1/events``: events of a product app, answered when Kafka has them."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Header, Request, Response, Security

from api.access.guard import guard
from api.ingest.admission import Admission, admit, read
from api.ingest.answers import EventsAnswer
from api.ingest.document import request_body
from api.ingest.requests import body_of
from api.problems import ProblemError, answers, problem
from api.resources import Resources, resources_of
from domain.control import ApiKey

router = APIRouter(tags=["ingest"])

REPLAYED: Final = "Idempotent-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Makes a repeat of the request harmless for 24 hours: it gets the same answer, with the header "
        f"`{REPLAYED}: true`.",
        examples=["5f0b8c1e-batch-17"],
    ),
]


@router.post(
    "/v1/events",
    summary="Push events",
    response_model=None,
    responses={
        200: {
            "model": EventsAnswer,
            "description": "Kafka has all that are accepted; of several events some may be rejected.",
            "headers": {
                REPLAYED: {
                    "description": "`true` on a repeat under the same Idempotency-Key",
                    "schema": {"type": "string", "enum": ["true"]},
                }
            },
        },
        **answers(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
    },
    openapi_extra={"requestBody": request_body()},
)
async def push(
    request: Request,
    key: Annotated[ApiKey, Security(guard, scopes=["ingest"])],
    resources: Annotated[Resources, Depends(resources_of)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send one event, a list, or `{"events": [...]}`: up to 1,000 events or 1 MB, plain, gzip or zstd.

    The answer comes when Kafka has acknowledged every accepted event. An event on its own that breaks the schema is
    answered with 422; in a list it is rejected by itself. After 503, or no answer, send the same again: the same
    event of a user is applied once (the last 64 event ids of each user are known), and with an Idempotency-Key the
    whole request is. Whether an event is too late or from the future is judged by the worker, whose clock it is: such
    events become dead letters or are counted as late.
    """
    body = await body_of(request)
    events, alone = read(body)
    found = admit(events, resources.config.id_secret)
    if alone and not found.records:
        resources.intake.metrics.events.labels("events", "rejected").inc()
        return _refused(found)
    replayed = False
    if idempotency_key is not None:
        replayed = await resources.intake.repeats.begin(key.id, idempotency_key, body)
    if not replayed:
        try:
            await resources.intake.deliver(found.records)
        except ProblemError:
            if idempotency_key is not None:
                await resources.intake.repeats.failed(key.id, idempotency_key)
            raise
        if idempotency_key is not None:
            await resources.intake.repeats.done(key.id, idempotency_key, body)
        rejected = len(found.results) - len(found.records)
        resources.intake.metrics.events.labels("events", "accepted").inc(len(found.records))
        resources.intake.metrics.events.labels("events", "rejected").inc(rejected)
    return _answer(found, {REPLAYED: "true"} if replayed else {})


def _answer(found: Admission, headers: dict[str, str]) -> Response:
    accepted = len(found.records)
    body = {"accepted": accepted, "rejected": len(found.results) - accepted, "results": found.results}
    return Response(msgspec.json.encode(body), 200, headers, "application/json")


def _refused(found: Admission) -> Response:
    result = found.results[0]
    fault = {"field": f"body.{result.field}", "message": result.message}
    return problem(
        422, result.reason or "rejected", "the event breaks the schema: see `errors`", errors=[fault]
    )
