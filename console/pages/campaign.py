"""What a campaign among the customers of the live stream would bring."""

from typing import Final

from console.pages.elements import link, note
from console.pages.simulator import Campaign
from console.pages.visit import PageOf, Visit


async def build(visit: Visit) -> None:
    """The page."""
    await Campaign(visit, "/v1/campaigns/simulate").build()
    note(
        "Of customers at high and medium risk, as scored last; each is worth what is expected within the horizon."
    )
    link("The customers with the most value at risk", "/customers?sort=value")


PAGE: Final = PageOf("/campaign", "Campaign", "campaign", "read", build)
