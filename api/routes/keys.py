"""What a key may do, for its holder. Keys are made and revoked by command (`ebbwatch keys`)."""

from typing import Annotated

from fastapi import APIRouter, Security
from pydantic import BaseModel, Field

from api.access.guard import guard
from api.problems import answers
from domain.control import ApiKey, Scope

router = APIRouter(tags=["access"])


class KeyView(BaseModel):
    """A key without its secret."""

    id: str = Field(examples=["3e06ce755fad"])
    name: str = Field(examples=["checkout service"])
    scopes: list[Scope] = Field(examples=[["ingest", "read"]])
    expires: int | None = Field(description="ms since 1970; null for never", examples=[None])


@router.get("/v1/keys/self", summary="The key of this call", responses=answers(401, 403, 429))
async def own_key(key: Annotated[ApiKey, Security(guard)]) -> KeyView:
    """What the key that comes with the call may do; any key may ask."""
    return KeyView(id=key.id, name=key.name, scopes=list(key.scopes), expires=key.expires or None)
