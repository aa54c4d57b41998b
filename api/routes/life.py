"""Steps that people take with an alert: each is kept, with the name of the key and the time."""

import secrets
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Depends, Response, Security
from pydantic import BaseModel, ConfigDict, Field

from api.access.guard import guard
from api.alerts.deciding import answer, wall, write
from api.alerts.models import Taken
from api.alerts.parameters import WRITE, AlertId
from api.problems import ProblemError, answers
from api.resources import Resources, resources_of
from api.routes.alerts import known
from api.whole import Whole
from domain.alert_life import LIVE
from domain.control import ApiKey, Step

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

_YEAR_MS: Final = 366 * 86_400_000

Here = Annotated[Resources, Depends(resources_of)]
Worker = Annotated[ApiKey, Security(guard, scopes=["alerts"])]
What = Literal["acknowledged", "snoozed", "resolved", "dismissed", "assigned"]
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": Taken},
    202: {"model": Taken, "description": "it is written and kept, and will be seen in a moment"},
    **answers(404, 409, *WRITE),
}


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Snooze(_Closed):
    """Until when."""

    until: Whole = Field(
        ge=0, lt=1 << 53, description="ms since 1970; within a year", examples=[1796688000000]
    )


class Reason(_Closed):
    """Why, for those who look later."""

    reason: str = Field("", max_length=1000, examples=["moved to the family plan, uses that account"])


class Owner(_Closed):
    """Who takes care."""

    owner: str = Field(max_length=128, description="a name; empty for nobody", examples=["Kim"])


Why = Annotated[Reason, Body(default_factory=Reason)]


@router.post("/{alert_id}/acknowledge", summary="Somebody looks after it", responses=_ANSWERS)
async def acknowledge(key: Worker, here: Here, alert_id: AlertId) -> Response:
    """It stays in the lists, as acknowledged, and does not lapse any more."""
    return await _take(here, key, alert_id, "acknowledged")


@router.post("/{alert_id}/snooze", summary="Come back to it later", responses=_ANSWERS)
async def snooze(key: Worker, here: Here, alert_id: AlertId, body: Snooze) -> Response:
    """At `until` it is open again, and the feed says so (`alert.returned`)."""
    now = wall()
    if not now < body.until <= now + _YEAR_MS:
        raise ProblemError(409, "not_ahead", "`until` must lie in the future, and within a year")
    return await _take(here, key, alert_id, "snoozed", until=body.until)


@router.post("/{alert_id}/resolve", summary="It is done with", responses=_ANSWERS)
async def resolve(key: Worker, here: Here, alert_id: AlertId, body: Why) -> Response:
    """The feed says so. Alerts are also resolved by themselves when the risk falls or the user is gone."""
    return await _take(here, key, alert_id, "resolved", reason=body.reason)


@router.post("/{alert_id}/dismiss", summary="It was wrong", responses=_ANSWERS)
async def dismiss(key: Worker, here: Here, alert_id: AlertId, body: Why) -> Response:
    """It is closed and kept. What was wrong is told to nobody who learns: labels come from events alone."""
    return await _take(here, key, alert_id, "dismissed", reason=body.reason)


@router.post("/{alert_id}/assign", summary="Give it an owner", responses=_ANSWERS)
async def assign(key: Worker, here: Here, alert_id: AlertId, body: Owner) -> Response:
    """Each alert has one owner at a time; all are kept in its steps."""
    return await _take(here, key, alert_id, "assigned", owner=body.owner)


async def _take(here: Resources, key: ApiKey, alert_id: str, what: What, **more: Any) -> Response:
    found = await known(here, alert_id)
    if found.state not in LIVE:
        raise ProblemError(409, "not_live", f"the alert is {found.state}: nothing can be done with it")
    step = Step(
        id=f"{alert_id}.{what}.{secrets.token_hex(8)}",
        alert=alert_id,
        user=found.user,
        what=what,
        at=wall(),
        by=key.name,
        **more,
    )
    seen = await write(here, [step])
    state = (await known(here, alert_id)).state if seen else found.state
    return answer({"id": alert_id, "state": state}, 200, seen=seen)
