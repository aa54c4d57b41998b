"""Errors as people and programs can use them: problem+json (RFC 9457), the same shape for all."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from profiles.questions import UnfitFeatureError

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


def answer_to(fault: ProblemError) -> Response:
    """The answer that a fault becomes."""
    return problem(fault.status, fault.kind, fault.detail, fault.headers)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of a route: these statuses answer with a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)
    }


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Every error of the app, which has these routers, leaves as a problem."""

    async def known(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, ProblemError)
        return answer_to(fault)

    async def invalid(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, RequestValidationError)
        errors = [
            {"field": ".".join(map(str, found["loc"])), "message": found["msg"]} for found in fault.errors()
        ]
        return problem(422, "invalid", "the request does not fit the schema: see `errors`", errors=errors)

    async def unfit(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, UnfitFeatureError)
        return problem(422, "feature", f"{fault.feature}: {fault}")

    async def http(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        match fault.status_code:
            case 400:  # FastAPI's for a body that cannot be read: one that does not fit
                return problem(422, "invalid", "the body cannot be read: is it JSON in UTF-8?")
            case 404:
                return problem(404, "not_found", "there is no such path")
            case 405:
                allowed = ", ".join(methods_of(routers, request.scope["path"]))
                return problem(405, "method_not_allowed", f"this path takes {allowed}", {"Allow": allowed})
        kind = HTTPStatus(fault.status_code).phrase.lower().replace(" ", "_")
        return problem(fault.status_code, kind, str(fault.detail), fault.headers)

    async def unforeseen(_: Request, __: Exception) -> Response:
        # Starlette logs the traceback itself, once this is sent
        return problem(500, "unforeseen", "this is a fault of the server; it is logged there")

    app.add_exception_handler(ProblemError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(UnfitFeatureError, unfit)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unforeseen)


def methods_of(routers: Sequence[APIRouter], path: str) -> list[str]:
    """Methods that some route takes for a path: Starlette names those of the first one only."""
    routes = [r for router in routers for r in router.routes if isinstance(r, APIRoute)]
    # a path that is spelled out is no `{id}`
    fitting = [r for r in routes if r.path == path] or [r for r in routes if r.path_regex.match(path)]
    return sorted({method for route in fitting for method in route.methods or ()})
