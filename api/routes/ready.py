"""Whether the API can do its work. Open to all: nothing here names a user or a key."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from api.answers import returns
from api.people.examples import NOT_READY, READY
from api.people.readiness import Ready
from api.resources import Resources, resources_of

router = APIRouter(tags=["operations"])
_ANSWERS = returns(Ready, READY)
_ANSWERS[503] = returns(Ready, NOT_READY, "Not ready; `checks` says why.")[200]


@router.get("/readyz", summary="Whether the API can do its work", responses=_ANSWERS, response_class=Response)
async def readyz(here: Annotated[Resources, Depends(resources_of)]) -> Response:
    """Kafka, Redis, lag of the stream, age of the model, projection of decisions; each with a reason. The age of the
    batch jobs' results is for information.
    """
    found = await here.readiness.look()
    return Response(msgspec.json.encode(found), 200 if found.ready else 503, media_type="application/json")
