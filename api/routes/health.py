"""Whether the API lives, and what Prometheus asks for. Open to all: nothing here names a user or a key."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from api.resources import Resources, resources_of

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


@router.get("/healthz")
async def healthz() -> Alive:
    """The process answers; whether it can do its work says `/readyz`."""
    return Alive()


class Check(BaseModel):
    """One thing that the API needs."""

    ok: bool
    reason: str = Field(default="", description="why not")


class Ready(BaseModel):
    """Whether the API can do its work."""

    ready: bool
    checks: dict[str, Check]


@router.get(
    "/readyz", responses={503: {"model": Ready, "description": "Something is missing: see `checks`."}}
)
async def readyz(resources: Annotated[Resources, Depends(resources_of)], response: Response) -> Ready:
    """Whether the API can do its work: Kafka takes events."""
    checks = {"kafka": Check(ok=not resources.intake.away, reason=resources.intake.away)}
    ready = all(check.ok for check in checks.values())
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, checks=checks)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> PlainTextResponse:
    """For Prometheus."""
    return PlainTextResponse(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
