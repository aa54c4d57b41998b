"""The app: every page stands here."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from nicegui import app as library
from nicegui import client, core, ui
from prometheus_client import CollectorRegistry
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from console.access.guard import SIGN_IN, Guard
from console.access.policy import nonce_scripts
from console.access.sessions import Sessions
from console.access.signing import SIGN_OUT, signing
from console.calling.caller import Caller
from console.calling.counted import Counted
from console.config import ConsoleConfig
from console.counting import Counting, routes
from console.metrics import ConsoleMetrics
from console.pages import (
    alerts,
    campaign,
    cohorts,
    customer,
    customers,
    engagement,
    experiments,
    file,
    file_customer,
    files,
    model,
    overview,
    predict,
    segments,
    settings,
    survival,
)
from console.pages.frame import framed
from console.pages.visit import PageOf
from console.sending import SEND, carrying

PAGES: Final[tuple[PageOf, ...]] = (
    overview.PAGE,
    customers.PAGE,
    customer.PAGE,
    alerts.PAGE,
    campaign.PAGE,
    cohorts.PAGE,
    survival.PAGE,
    segments.PAGE,
    experiments.PAGE,
    engagement.PAGE,
    model.PAGE,
    files.PAGE,
    file.PAGE,
    file_customer.PAGE,
    predict.PAGE,
    settings.PAGE,
)
"""In the order of the navigation."""

HEALTH: Final = "/healthz"
COUNTED: Final = (*(page.path for page in PAGES), SIGN_IN, SIGN_OUT, SEND, HEALTH)
"""What requests are counted by."""
_BUILT_WITHIN_S: Final = 60.0
_CONNECTIONS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20)


def create_app(config: ConsoleConfig, registry: CollectorRegistry) -> ASGIApp:
    """The app of one process. The library holds pages of one app only.

    Args:
        registry: what it counts goes in there.
    """
    sessions = Sessions(config.idle_s)
    metrics = ConsoleMetrics(registry, config.restarts, lambda: sessions.number(time.monotonic()))
    transport = Counted(httpx.AsyncHTTPTransport(limits=_CONNECTIONS, trust_env=False), metrics)
    client_ = httpx.AsyncClient(base_url=config.api, transport=transport, trust_env=False)
    caller = Caller(client_)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client_:
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.include_router(signing(caller, sessions, metrics))
    app.include_router(carrying(caller))
    app.add_api_route(HEALTH, lambda: PlainTextResponse("ok\n"), include_in_schema=False)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    for page in PAGES:
        made = ui.page(page.path, title=f"{page.title} · Ebbwatch", response_timeout=_BUILT_WITHIN_S)
        made(framed(page, PAGES, caller, sessions))
    _set_up(app)
    return Counting(Guard(app, sessions), metrics, routes(COUNTED))


def _set_up(app: FastAPI) -> None:
    nonce_scripts(client.templates)
    core.sio.eio.cors_allowed_origins = []  # no answer names another origin; the guard refuses them
    library.config.socket_io_js_transports = ["websocket"]
    ui.run_with(
        app,
        title="Ebbwatch",
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        favicon=Path(__file__).parent / "static" / "favicon.svg",
    )
