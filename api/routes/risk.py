"""Risk of one user and of many: the calls that other systems make all day."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Security
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import guard
from api.access.identity import inside
from api.answers import encoded, returns
from api.paths import OutsideId
from api.people.examples import BRIEF, RISK
from api.people.ids import UserId
from api.problems import answers
from api.resources import Resources, resources_of
from profiles.answers import BriefRisk, RiskAnswer, brief

_PREFIX: Final = "/v1/users"
_OF_ONE: Final = "/{id}/risk"
PATH: Final = _PREFIX + _OF_ONE
SCOPE: Final = "read"
router = APIRouter(prefix=_PREFIX, tags=["users"], dependencies=[Security(guard, scopes=[SCOPE])])

MOST: Final = 1000
Shared = Annotated[Resources, Depends(resources_of)]


class Wanted(BaseModel):
    """Users whose risk is wanted."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"users": ["u0000250", "nobody"]}]}
    )

    users: list[UserId] = Field(
        min_length=1, max_length=MOST, description="ids; one that comes twice is answered once"
    )


class RiskOfMany(msgspec.Struct, frozen=True, kw_only=True):
    """Risk of the users that are known, in the order asked for."""

    items: list[BriefRisk]
    unknown: list[str]
    """Ids of which no event was applied."""


_MANY: Final = RiskOfMany(items=[BRIEF], unknown=["nobody"])


@router.get(
    _OF_ONE,
    summary="How likely one user is to be lost, and why",
    responses=returns(RiskAnswer, RISK) | answers(401, 403, 404, 422, 429, 503),
    response_class=Response,
)
async def risk(request: Request, id_: OutsideId) -> Response:
    """Score, tier and the three strongest reasons, computed now from all that was applied so far."""
    here: Resources = request.app.state.resources  # no dependency: each costs a tenth of the whole call
    return encoded(await here.people.risk(inside(id_, here.config.id_secret)))


@router.post(
    "/risk",
    summary="How likely many users are to be lost",
    responses=returns(RiskOfMany, _MANY) | answers(401, 403, 413, 422, 429, 503),
    response_class=Response,
)
async def risk_of_many(wanted: Wanted, here: Shared) -> Response:
    """Up to 1,000 users at once, without reasons."""
    secret = here.config.id_secret
    outside = {inside(user, secret): user for user in wanted.users}
    present, parts = await here.people.find_many(list(outside))
    known = {one.user: one for part in parts for one in brief(part, present.judge)}
    items = [known[user] for user in outside if user in known]
    return encoded(RiskOfMany(items=items, unknown=[outside[user] for user in outside if user not in known]))
