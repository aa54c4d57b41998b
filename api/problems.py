"""Errors as people and programs can use them: problem+json (RFC 9457), the same shape for all."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from redis import exceptions as redis_errors
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

log = logging.getLogger("ebbwatch.api")

MEDIA_TYPE: Final = "application/problem+json"
_BASE: Final = "https://ebbwatch.dev/problems/"


class FieldFault(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(description="where: path, query, header or body field", examples=["body.user_id"])
    message: str = Field(description="what is wrong with it", examples=["is empty"])


class Problem(BaseModel):
    """Body of every error."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": f"{_BASE}unknown_user",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "no event of this user was applied",
                }
            ]
        }
    )

    type: str = Field(description="names the kind of problem")
    title: str
    status: int
    detail: str = Field(description="what was wrong, and what to do")
    errors: list[FieldFault] = Field(default=[], description="of a request that breaks the schema")


class ProblemError(Exception):
    """Raised anywhere below a route; becomes the answer."""

    def __init__(self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """
        Args:
            kind: a short word, the end of the problem's `type`.
            detail: for people; names no user id and no secret.
        """
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})


def problem(
    status: int,
    kind: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> Response:
    """The answer."""
    body: dict[str, Any] = {
        "type": _BASE + kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of a route: these statuses answer with a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)
    }


def install(app: FastAPI) -> None:
    """Every error of the app leaves as a problem."""

    async def known(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, ProblemError)
        return problem(fault.status, fault.kind, fault.detail, fault.headers)

    async def invalid(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, RequestValidationError)
        errors = [
            {"field": ".".join(map(str, found["loc"])), "message": found["msg"]} for found in fault.errors()
        ]
        return problem(422, "invalid", "the request does not fit the schema: see `errors`", errors=errors)

    async def http(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        headers = dict(fault.headers or {})
        if fault.status_code == 405:
            headers["Allow"] = _allowed(request)
        kind = HTTPStatus(fault.status_code).phrase.lower().replace(" ", "_")
        detail = "there is no such path" if fault.status_code == 404 else str(fault.detail)
        return problem(fault.status_code, kind, detail, headers)

    async def redis(_: Request, fault: Exception) -> Response:
        log.warning("Redis is away: %s", type(fault).__name__)
        return problem(503, "redis_away", "Redis does not answer: try again", {"Retry-After": "5"})

    app.add_exception_handler(ProblemError, known)
    for away in (redis_errors.ConnectionError, redis_errors.TimeoutError):
        app.add_exception_handler(away, redis)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _allowed(request: Request) -> str:
    """All methods of a path: the router itself names those of the first route that has it."""
    paths = request.app.openapi()["paths"]
    fitting = [found for path, found in paths.items() if compile_path(path)[0].match(request.scope["path"])]
    return ", ".join(sorted({method.upper() for found in fitting for method in found}))
