"""Whether the API lives, and what Prometheus asks for. Open to all: nothing here names a user or a key."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api.exposition import exposition

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


@router.get("/healthz")
async def healthz() -> Alive:
    """The process answers; whether it can do its work says `/readyz`."""
    return Alive()


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> PlainTextResponse:
    """For Prometheus."""
    return PlainTextResponse(exposition(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
