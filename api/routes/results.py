"""What the batch jobs have found: retention, survival, segments, engagement, value, experiments, overview."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Security
from fastapi.responses import Response

from api.access.guard import guard
from api.answers import NOT_MODIFIED, returns
from api.problems import answers
from api.resources import Resources, resources_of
from api.results.answers import CSV, EXAMPLE, ResultRows, Wanted, answered

router = APIRouter(prefix="/v1", tags=["results"], dependencies=[Security(guard, scopes=["read"])])

Shared = Annotated[Resources, Depends(resources_of)]
Asked = Annotated[Wanted, Query()]
Accept = Annotated[str, Header(include_in_schema=False)]
_ROWS: Final = returns(ResultRows, EXAMPLE)
_ROWS[200]["content"][CSV] = {
    "schema": {"type": "string"},
    "example": "group,day,survival\r\nall,30,0.87\r\n",
}
_ROWS[200]["headers"] = {
    name: {"description": what, "schema": {"type": "string"}}
    for name, what in {
        "As-Of": "of CSV: as `as_of` in JSON",
        "Next-Cursor": "of CSV: as `next` in JSON",
    }.items()
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = (
    _ROWS | NOT_MODIFIED | answers(401, 403, 404, 406, 409, 422, 429, 503)
)


@router.get("/overview", summary="Users, churn and revenue", responses=_ANSWERS, response_class=Response)
async def overview(request: Request, here: Shared, wanted: Asked, accept: Accept = "*/*") -> Response:
    """Tables `figures` (first), with the period before beside each, and `churn`, the churn rate by dimension."""
    return await answered(request, here.results, "overview", "figures", wanted, accept)


@router.get("/retention", summary="Who stays, by cohort", responses=_ANSWERS, response_class=Response)
async def retention(request: Request, here: Shared, wanted: Asked, accept: Accept = "*/*") -> Response:
    """Table `retention` (first): of each cohort, period by period, who was active. Periods that are not over are left
    out, never zero. `cohorts` has the sizes, `retention_curve` the mean over cohorts, `money_retention` the revenue.
    """
    return await answered(request, here.results, "retention", "retention", wanted, accept)


@router.get("/survival", summary="When users are lost", responses=_ANSWERS, response_class=Response)
async def survival(request: Request, here: Shared, wanted: Asked, accept: Accept = "*/*") -> Response:
    """Table `curves` (first): Kaplan-Meier by day, everybody under the dimension `all`, with 95 % limits and users
    at risk; others hold medians, hazards, tests and a Cox regression.
    """
    return await answered(request, here.results, "survival", "curves", wanted, accept)


@router.get("/segments", summary="Kinds of users", responses=_ANSWERS, response_class=Response)
async def segments(request: Request, here: Shared, wanted: Asked, accept: Accept = "*/*") -> Response:
    """Table `segments` (first): each with its size, what is typical of it and how it moves."""
    return await answered(request, here.results, "segments", "segments", wanted, accept)


@router.get(
    "/engagement", summary="How much the product is used", responses=_ANSWERS, response_class=Response
)
async def engagement(request: Request, here: Shared, wanted: Asked, accept: Accept = "*/*") -> Response:
    """Table `activity` (first): users active by day, in seven and in thirty days, and stickiness."""
    return await answered(request, here.results, "engagement", "activity", wanted, accept)


@router.get("/value", summary="What users are worth", responses=_ANSWERS, response_class=Response)
async def value(request: Request, here: Shared, wanted: Asked, accept: Accept = "*/*") -> Response:
    """Table `revenue_at_risk` (first); `ltv` has the lifetime value, `arpu` the revenue by month, `forecast` what
    is to come. Money is in minor units.
    """
    return await answered(request, here.results, "value", "revenue_at_risk", wanted, accept)


@router.get("/experiments", summary="What worked", responses=_ANSWERS, response_class=Response)
async def experiments(request: Request, here: Shared, wanted: Asked, accept: Accept = "*/*") -> Response:
    """Table `experiments` (first): effect of each variant, with its uncertainty."""
    return await answered(request, here.results, "experiments", "experiments", wanted, accept)
