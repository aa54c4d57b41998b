"""Users: all that is known of one, and who is most at risk."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import guard
from api.answers import NOT_MODIFIED, encoded, returns, tagged
from api.paths import KnownUser
from api.people import rankings
from api.people.examples import PAGE, PROFILE
from api.people.rankings import CURSOR, Page
from api.problems import answers
from api.resources import Resources, resources_of
from profiles.profile import Profile

router = APIRouter(prefix="/v1/users", tags=["users"], dependencies=[Security(guard, scopes=["read"])])

Shared = Annotated[Resources, Depends(resources_of)]
_LONGEST: Final = 256


class Wanted(BaseModel):
    """Which users, in which order; with a cursor all but `limit` may be left out."""

    model_config = ConfigDict(extra="forbid")

    sort: Literal["risk", "value", "changed"] | None = Field(
        None, description="the greatest risk (default), the most value at risk, or the last change first"
    )
    tier: Literal["high", "medium", "low"] | None = None
    plan: str | None = Field(None, min_length=1, max_length=_LONGEST, description="latest plan")
    platform: str | None = Field(None, min_length=1, max_length=_LONGEST, description="latest platform")
    channel: str | None = Field(None, min_length=1, max_length=_LONGEST, description="how the user came")
    segment: str | None = Field(
        None, min_length=1, max_length=_LONGEST, description="segment of the last run of the batch job"
    )
    limit: int = Field(100, ge=1, le=1000)
    cursor: str | None = Field(None, pattern=CURSOR, description="`next` of the page before")


@router.get(
    "",
    summary="Users at risk, ranked",
    responses=returns(Page, PAGE) | answers(401, 403, 404, 409, 422, 429, 503),
    response_class=Response,
)
async def users(wanted: Annotated[Wanted, Query()], here: Shared) -> Response:
    """All at risk, or some of them. A cursor pins the ranking for 15 minutes: its pages skip and repeat nobody."""
    filters = wanted.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    query = rankings.Query(**({"sort": "risk"} | filters)) if filters or wanted.cursor is None else None
    people = here.people
    return encoded(await people.rankings.page(people.following.present, query, wanted.cursor, wanted.limit))


@router.get(
    "/{id}",
    summary="All that is known of one user",
    responses=returns(Profile, PROFILE) | NOT_MODIFIED | answers(401, 403, 404, 422, 429, 503),
    response_class=Response,
)
async def user(request: Request, id_: KnownUser, here: Shared) -> Response:
    """Score, contributions, features, weeks, history, value at risk, open alerts, outcome of similar users."""
    return tagged(request, await here.people.profile(id_))
