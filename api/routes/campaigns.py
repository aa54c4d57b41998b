"""What a campaign among the users at risk would bring."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Security
from fastapi.responses import Response

from advisor.insights.campaigns import Campaign, Choice, Offer, Scenario, scenario
from api.access.guard import guard
from api.answers import encoded, returns
from api.people.roster import TIERS, Columns
from api.problems import answers
from api.resources import Resources, resources_of
from api.workspaces.views import Supposed

router = APIRouter(
    prefix="/v1/campaigns", tags=["questions"], dependencies=[Security(guard, scopes=["read"])]
)

Shared = Annotated[Resources, Depends(resources_of)]
EXAMPLE: Final = Campaign(
    contacted=100, would_leave=67.2, saved=23.5, value=73_790.0, cost=500.0, gain=73_290.0, gain_low=43_039.0,
    gain_high=106_695.0, returned=146.6, break_even=0.002,
)  # fmt: skip


@router.post(
    "/simulate",
    summary="Suppose a campaign among the users at risk",
    responses=returns(Campaign, EXAMPLE) | answers(400, 401, 403, 408, 413, 422, 429, 503),
    response_class=Response,
)
async def simulate(said: Supposed, here: Shared) -> Response:
    """Whom it is worth most to contact comes first, of those in the high and medium tier, as they were scored last. A
    user is worth what he is expected to spend within the horizon; the interval is of chance alone.
    """
    columns = await here.people.rankings.columns(here.people.following.present)
    offer = Offer(contact=said.contact, save_rate=said.save_rate, discount=said.discount)
    return encoded(await asyncio.to_thread(supposed, columns, said.scenario, offer))


def supposed(columns: Columns, wanted: Scenario, offer: Offer) -> Campaign:
    """Of those in the high and medium tier."""
    at_risk = columns[columns["tier"] < TIERS.index("low")]
    probability = at_risk["score"]  # never 0 in these tiers
    return scenario(wanted, Choice(probability, at_risk["value"] / probability), offer)
