"""Who may call the API: what a key may do, for its holder; all keys, for administrators."""

from typing import Annotated, Any, Final, cast

import msgspec
from fastapi import APIRouter, Depends, Path, Response, Security
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import guard
from api.access.making import made
from api.alerts.deciding import wall, write
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from api.whole import Whole
from control import tables
from domain.control import ApiKey, Scope

router = APIRouter(tags=["access"])

Admin = Annotated[ApiKey, Security(guard, scopes=["admin"])]
Here = Annotated[Resources, Depends(resources_of)]
Id = Annotated[str, Path(alias="id", pattern="^[0-9a-f]{12}$", examples=["3e06ce755fad"])]
_READS: Final = (401, 403, 422, 429, 503)


class KeyView(BaseModel):
    """A key without its secret."""

    id: str = Field(examples=["3e06ce755fad"])
    name: str = Field(examples=["checkout service"])
    scopes: list[Scope] = Field(examples=[["ingest", "read"]])
    expires: int | None = Field(description="ms since 1970; null for never", examples=[None])


class KeyState(KeyView):
    """The same for administrators."""

    created: int = Field(description="ms since 1970", examples=[1764111600000])
    revoked: int | None = Field(description="ms since 1970; null while it holds", examples=[None])


class KeyStates(BaseModel):
    """All keys, the oldest first."""

    items: list[KeyState]


class NewKey(BaseModel):
    """What a key is to be."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"scopes": ["read", "alerts"], "name": "crm"}]}
    )

    scopes: list[Scope] = Field(min_length=1, max_length=10)
    name: str = Field("", max_length=128, description="whose it is; stands in the audit log")
    days: Whole = Field(0, ge=0, le=3650, description="until it expires; 0 for never")


class KeySecret(KeyState):
    """A key with its secret, which is shown this once."""

    key: str = Field(description="what its holder sends", examples=["ebb_3e06ce755fad_5b1f"])


_LATER: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": KeySecret, "description": "It is decided, and holds a moment later."}
}


@router.get("/v1/keys/self", summary="The key of this call", responses=answers(401, 403, 429))
async def own_key(key: Annotated[ApiKey, Security(guard)]) -> KeyView:
    """What the key that comes with the call may do; any key may ask."""
    return KeyView(id=key.id, name=key.name, scopes=list(key.scopes), expires=key.expires or None)


@router.get("/v1/keys", summary="All keys", responses=answers(*_READS))
async def list_keys(_: Admin, here: Here) -> KeyStates:
    """Without their secrets, which stand nowhere; revoked ones too."""
    stored = cast("dict[bytes, bytes]", await cast(Any, here.store.hgetall(tables.KEYS)))
    keys = [msgspec.json.decode(value, type=ApiKey) for value in stored.values()]
    return KeyStates(items=[KeyState(**_state(key)) for key in sorted(keys, key=lambda k: (k.created, k.id))])


@router.post(
    "/v1/keys",
    status_code=201,
    summary="Make a key",
    responses=_LATER | answers(400, 408, 413, *_READS),
)
async def create_key(wish: NewKey, response: Response, _: Admin, here: Here) -> KeySecret:
    """The answer shows it, this once; it holds a second later."""
    new = made(wish.name, wish.scopes, wish.days, 0, wall())
    if not await write(here, [new.key]):
        response.status_code = 202
    return KeySecret(**_state(new.key), key=new.token.text)


@router.post(
    "/v1/keys/{id}/revoke", status_code=204, summary="Revoke a key", responses=answers(404, 409, *_READS)
)
async def revoke_key(id_: Id, own: Admin, here: Here) -> None:
    """It passes no more, from a second later on. A key does not revoke itself, so that nobody locks himself out."""
    if id_ == own.id:
        raise ProblemError(409, "own_key", "this is the key of the call itself: revoke it with another one")
    stored = await cast(Any, here.store.hget(tables.KEYS, id_))
    if stored is None:
        raise ProblemError(404, "unknown_key", "there is no such key (`GET /v1/keys` lists them)")
    key = msgspec.json.decode(stored, type=ApiKey)
    if not key.revoked:
        await write(here, [msgspec.structs.replace(key, revoked=wall())])


def _state(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "expires": key.expires or None,
        "created": key.created,
        "revoked": key.revoked or None,
    }
