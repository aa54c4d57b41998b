"""Scores of what is not in the stream, or not so."""

import asyncio
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from fastapi import APIRouter, Depends, Security
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import guard
from api.access.identity import inside
from api.answers import encoded, returns
from api.paths import KnownUser
from api.people.catalogue import Features
from api.people.examples import PREDICTED, WHAT_IF
from api.people.ids import UserId
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from domain.catalogue import CODED
from domain.columns import code_of
from domain.hashing import hashes_of
from profiles.questions import Predicted, WhatIf, predicted, vector, what_if, with_words

router = APIRouter(prefix="/v1", tags=["questions"], dependencies=[Security(guard, scopes=["read"])])

Shared = Annotated[Resources, Depends(resources_of)]
MOST: Final = 1000
_FEATURES: Final[dict[str, Any]] = {
    "days_since_last_session": 19,
    "gap_mean_days": 4,
    "sessions_total": 31,
    "plan": "pro",
}


class Asked(BaseModel):
    """Features of one user."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user": "crm-77", "features": _FEATURES}]}
    )

    features: Features
    user: UserId | None = Field(
        None,
        description="whose they are: while a new version serves a share of the users, it says who is served by it",
    )


class AskedMany(BaseModel):
    """Features of up to 1,000 users."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"items": [{"features": _FEATURES}]}]}
    )

    items: list[Asked] = Field(min_length=1, max_length=MOST)


class PredictedMany(msgspec.Struct, frozen=True, kw_only=True):
    """Scores in the order of the request."""

    items: list[Predicted]


class Supposed(BaseModel):
    """What is to be different."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"silent_days": 14}, {"features": {"paid": 0}}]}
    )

    silent_days: float = Field(
        0.0, ge=0, le=365, allow_inf_nan=False, description="days that pass without a sign of life"
    )
    features: Features | None = Field(
        None, description="features of another value; what follows from them is not changed with them"
    )


@router.post(
    "/predict",
    summary="Score of features that you send",
    responses=returns(Predicted, PREDICTED) | answers(401, 403, 413, 422, 429, 503),
    response_class=Response,
)
async def predict(asked: Asked, here: Shared) -> Response:
    """With the three strongest reasons. Features are given by name; what is left out is unknown."""
    judge = here.people.following.present.judge
    given = _given(asked.features)
    x, hash_ = vector(given), _hash(asked, here)
    (one,) = predicted(x[None], [hash_], judge)
    names = {code_of(v): v for n, v in given.items() if n in CODED and isinstance(v, str)}
    return encoded(await asyncio.to_thread(with_words, one, x, hash_, names, judge))


@router.post(
    "/predict/batch",
    summary="Scores of many users' features",
    responses=returns(PredictedMany, PredictedMany(items=[msgspec.structs.replace(PREDICTED, reasons=[])]))
    | answers(401, 403, 413, 422, 429, 503),
    response_class=Response,
)
async def predict_batch(asked: AskedMany, here: Shared) -> Response:
    """Up to 1,000 at once, without reasons."""
    x = np.stack([vector(_given(one.features)) for one in asked.items])
    hashes = [_hash(one, here) for one in asked.items]
    return encoded(PredictedMany(items=predicted(x, hashes, here.people.following.present.judge)))


@router.post(
    "/users/{id}/what-if",
    summary="What a user's score would be if",
    responses=returns(WhatIf, WHAT_IF) | answers(401, 403, 404, 409, 413, 422, 429, 503),
    response_class=Response,
)
async def suppose(user: KnownUser, supposed: Supposed, here: Shared) -> Response:
    """Let days pass in silence, or change features: the new score, and what moved it."""
    found = await here.people.find(user)
    seen, slot, judge = found.judged, found.slot, found.present.judge
    if np.isnan(seen.risk[slot]):
        raise ProblemError(409, "gone", "the user is gone or had no session: there is no score to move")
    changed = {} if supposed.features is None else _given(supposed.features)
    inactivity = here.config.facts.inactivity_ms
    return encoded(
        await here.people.slowly(
            found,
            lambda names: what_if(seen, slot, judge, names, supposed.silent_days, changed, inactivity),
        )
    )


def _given(features: BaseModel) -> dict[str, Any]:
    return features.model_dump(exclude_unset=True)


def _hash(asked: Asked, here: Resources) -> int | None:
    return None if asked.user is None else int(hashes_of([inside(asked.user, here.config.id_secret)])[0])
