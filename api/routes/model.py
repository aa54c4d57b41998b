"""The model: what serves and why, how good it is, which versions there are, and orders of operators."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import guard
from api.answers import NOT_MODIFIED, encoded, returns, tagged
from api.people.examples import DECIDED, METRICS, SHOWN, VERSIONS, Decisions, ModelMetrics, Versions
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from control.decisions import Decided
from control.log import LogError
from control.orders import RefusedOrderError, UnansweredOrderError
from domain.control import ApiKey
from online_model.quality.slices import ALL
from online_model.registry.errors import NotThereError, RefusedError, RegistryError, UnknownVersionError
from profiles.model_report import Shown, compared, parts_of, shown
from profiles.operating import Operator

router = APIRouter(prefix="/v1/model", tags=["model"])

Reading: Final = Security(guard, scopes=["read"])
Admin = Annotated[ApiKey, Security(guard, scopes=["admin"])]
Shared = Annotated[Resources, Depends(resources_of)]
_T = TypeVar("_T")
_SHOWN_DECISIONS: Final = 5
_LEAST_PATIENCE_S: Final = 5.0  # a trainer answers between two batches
_ORDERED: Final[dict[int | str, dict[str, Any]]] = {
    202: returns(Decisions, Decisions(items=[]), "No trainer has answered yet; the order stands.")[200],
    **answers(401, 403, 404, 409, 413, 422, 429, 503),
}


class Chosen(BaseModel):
    """Whom an order is about."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "recursive"}]})

    name: str = Field(min_length=1, max_length=128, description="a contestant")


class Pinned(BaseModel):
    """Whom to pin."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "recursive"}, {}]})

    name: str | None = Field(
        None, min_length=1, max_length=128, description="a contestant or a version; what serves, if left out"
    )


@router.get(
    "",
    summary="What serves, since when, and on what evidence",
    responses=returns(Shown, SHOWN) | NOT_MODIFIED | answers(401, 403, 422, 429, 503),
    response_class=Response,
    dependencies=[Reading],
)
async def model(request: Request, here: Shared) -> Response:
    """Versions with their share of the users, what they are worth of late, and the last five decisions."""
    serving = here.people.following.present.serving
    decided = (await _asked(here.records.decisions()))[:_SHOWN_DECISIONS]
    return tagged(request, shown(serving, decided))


@router.get(
    "/metrics",
    summary="Quality and calibration of champion and challengers",
    responses=returns(ModelMetrics, METRICS) | NOT_MODIFIED | answers(401, 403, 404, 422, 429, 503),
    response_class=Response,
    dependencies=[Reading],
)
async def metrics(
    request: Request,
    here: Shared,
    part: Annotated[
        str, Query(min_length=1, max_length=128, description="of the examples, as `parts` names them")
    ] = ALL,
) -> Response:
    """Over the outcomes settled last, by the trainer's latest judgement, the best first."""
    quality = here.people.following.present.serving.quality
    parts = [] if quality is None else parts_of(quality)
    if part not in (parts or [ALL]):
        raise ProblemError(404, "unknown_part", "no such part of the examples was judged")
    return tagged(
        request,
        ModelMetrics(
            part=part,
            at_ms=None if quality is None else quality.at_ms,
            settled=0 if quality is None else quality.report.settled,
            contestants=[] if quality is None else compared(quality, part),
            parts=parts,
        ),
    )


@router.get(
    "/versions",
    summary="Versions of the registry, newest first",
    responses=returns(Versions, VERSIONS) | answers(401, 403, 422, 429, 503),
    response_class=Response,
    dependencies=[Reading],
)
async def versions(
    here: Shared,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{13,16}-[0-9a-f]{12}$", description="`next` of the page before")
    ] = None,
) -> Response:
    """Each with all its files checked; those that could not serve with the reason."""
    found = [row for row in await _asked(here.records.versions()) if cursor is None or row.version < cursor]
    following = found[limit - 1].version if len(found) > limit else None
    return encoded(Versions(items=found[:limit], next=following))


@router.post(
    "/pin",
    summary="Let a contestant serve, whatever evidence says",
    responses=returns(Decisions, DECIDED) | _ORDERED,
    response_class=Response,
)
async def pin(pinned: Pinned, here: Shared, _: Admin) -> Response:
    """A contestant with its later versions, or one version as it is. Until `unpin`."""
    serving = here.people.following.present.serving
    return await _ordered(lambda: [_operator(here).pin(serving, pinned.name)])


@router.post(
    "/unpin",
    summary="Let evidence decide again",
    responses=returns(Decisions, DECIDED) | _ORDERED,
    response_class=Response,
)
async def unpin(here: Shared, _: Admin) -> Response:
    """Takes a pin off."""
    serving = here.people.following.present.serving
    return await _ordered(lambda: [_operator(here).order(serving, "unpin", None)])


@router.post(
    "/rollback",
    summary="Put the champion's predecessor back in place",
    responses=returns(Decisions, DECIDED) | _ORDERED,
    response_class=Response,
)
async def rollback(here: Shared, _: Admin) -> Response:
    """Refused where there is none."""
    serving = here.people.following.present.serving
    return await _ordered(lambda: [_operator(here).order(serving, "roll_back", None)])


@router.post(
    "/promote",
    summary="Make a contestant champion, for everybody and at once",
    responses=returns(Decisions, DECIDED) | _ORDERED,
    response_class=Response,
)
async def promote(chosen: Chosen, here: Shared, _: Admin) -> Response:
    """Evidence may take it back; `pin` keeps it."""
    serving = here.people.following.present.serving
    return await _ordered(lambda: [_operator(here).order(serving, "promote", chosen.name)])


def _operator(here: Resources) -> Operator:
    # where there is no trainer nobody will answer: the order is left for one that comes
    patience_s = max(_LEAST_PATIENCE_S, here.config.patience_s) if here.config.trainer else 0.0
    return Operator(here.records.topics, here.people.following.registry, patience_s)


async def _ordered(give: Callable[[], list[Decided]]) -> Response:
    try:
        return encoded(Decisions(items=await _asked(asyncio.to_thread(give))))
    except UnansweredOrderError:  # it stands in its topic, and is carried out when a trainer comes to it
        return Response(msgspec.json.encode(Decisions(items=[])), 202, media_type="application/json")


async def _asked(asking: Awaitable[_T]) -> _T:
    """What a slow part answers.

    Raises:
        ProblemError: says what is wrong with it.
    """
    try:
        return await asking
    except RefusedOrderError as fault:
        raise ProblemError(409, "refused", str(fault)) from fault
    except UnknownVersionError as fault:
        raise ProblemError(404, "unknown_version", "there is no such version") from fault
    except RefusedError as fault:
        raise ProblemError(409, "refused", "this version may not serve: see /v1/model/versions") from fault
    except NotThereError as fault:
        raise ProblemError(404, "unknown_version", "there is no version yet") from fault
    except RegistryError as fault:
        raise ProblemError(
            503, "registry_away", "the registry cannot be read", {"Retry-After": "5"}
        ) from fault
    except LogError as fault:
        raise ProblemError(503, "kafka_away", "Kafka does not answer", {"Retry-After": "5"}) from fault
