"""The app: every router stands here."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api import away, envelope, problems
from api.access import audit
from api.access.guard import KEY_SCHEME, guard
from api.config import ApiConfig, from_environment
from api.envelope import ApiMetrics, Envelope
from api.family import end_with_parent
from api.problems import Problem
from api.quick import Quick
from api.resources import Resources
from api.routes import (
    alerts,
    campaigns,
    changes,
    erasure,
    events,
    health,
    keys,
    life,
    model,
    questions,
    ready,
    results,
    risk,
    runbooks,
    said,
    segment,
    users,
    webhooks,
    workspaces,
)
from logs.beginning import begin

ROUTERS: Final[tuple[APIRouter, ...]] = (
    risk.router,  # first: the call that is made most is found first
    events.router,
    segment.router,
    changes.router,  # before /v1/users/{id}
    users.router,
    erasure.router,
    questions.router,
    campaigns.router,
    alerts.router,
    life.router,
    said.router,
    webhooks.router,
    model.router,
    results.router,
    workspaces.router,
    keys.router,
    ready.router,
    health.router,
    runbooks.router,
)
"""In the order of the OpenAPI document."""

_COMPRESS_FROM: Final = 1024


def create_app(config: ApiConfig, begun: Callable[[], object] = lambda: None) -> FastAPI:
    """The app of one process; its resources open when it starts.

    Args:
        begun: called when they are open.
    """
    audit.write_to(config.audit_log)
    registry = CollectorRegistry()
    resources = Resources(config, registry)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with resources.opened():
            begun()
            yield

    app = _App(
        ApiMetrics(registry, config.restarts),
        title="Ebbwatch",
        version="1",
        summary="Events in; risk of churn, reasons and alerts out.",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.resources = resources
    app.state.registry = registry
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app, ROUTERS)
    away.install(app)
    envelope.install(app)
    _document(app)
    app.add_middleware(Quick, resources=resources)  # the last added is the outermost
    app.add_middleware(Compressed)
    if config.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(config.cors_origins), allow_methods=["*"], allow_headers=["*"]
        )
    return app


class _App(FastAPI):
    """The envelope is outside of what answers unforeseen faults, which Starlette puts outside of all middleware."""

    def __init__(self, metrics: ApiMetrics, **options: Any) -> None:
        super().__init__(**options)
        self._metrics = metrics

    def build_middleware_stack(self) -> ASGIApp:
        """Called once, by Starlette, for the first request."""
        return Envelope(super().build_middleware_stack(), self._metrics)


class Compressed:
    """Gzip for who accepts it and for large answers; all others are passed on untouched, which costs nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._gzip = GZipMiddleware(app, minimum_size=_COMPRESS_FROM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        accepts = scope["type"] == "http" and any(
            name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]
        )
        await (self._gzip if accepts else self._plain)(scope, receive, send)


def from_supervisor() -> FastAPI:
    """For uvicorn: configured by the environment, in each process anew."""
    begin("api")
    end_with_parent()
    return create_app(from_environment(), begun=_settle)


def _settle() -> None:
    """Keep what was loaded out of garbage collection: a walk through it takes a tenth of a second, and all wait."""
    gc.collect()
    gc.freeze()


def _document(app: FastAPI) -> None:
    """The OpenAPI document, with the shape of problems in it."""
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = made()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs", {}))
            schemas["Problem"] = problem
            schema["components"]["securitySchemes"] = {"key": KEY_SCHEME}
            _secure(schema)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _secure(schema: dict[str, Any]) -> None:
    """Say of each guarded call which scopes its key needs; the guard itself is no security scheme of FastAPI's."""
    for router in ROUTERS:
        for route in router.routes:
            if not isinstance(route, APIRoute) or not is_guarded(route):
                continue
            scopes = sorted(
                {scope for needed in route.dependant.dependencies for scope in needed.own_oauth_scopes or ()}
            )
            for method in route.methods or ():
                schema["paths"][route.path_format][method.lower()]["security"] = [{"key": scopes}]


def is_guarded(route: APIRoute) -> bool:
    """Whether a route asks for a key."""
    return any(needed.call is guard for needed in route.dependant.dependencies)
