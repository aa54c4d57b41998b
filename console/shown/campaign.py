"""A campaign that is supposed: what is asked, and what it would bring."""

from collections.abc import Mapping
from typing import Any, Final

from console.shown.figure import Figure
from console.shown.words import DASH, money, number, percent, signed

SCENARIOS: Final = {
    "top_50": "the 50 whom it is worth most to contact",
    "top_100": "the 100 whom it is worth most to contact",
    "top_200": "the 200 whom it is worth most to contact",
    "all_at_risk": "all at high and medium risk",
}


def supposed(
    scenario: str, contact: float | None, saved: float | None, discount: float | None
) -> dict[str, Any]:
    """Body of the call.

    Args:
        contact: cost of one.
        saved, discount: percent.
    """
    return {
        "scenario": scenario,
        "contact": contact or 0.0,
        "save_rate": (saved or 0.0) / 100,
        "discount": (discount or 0.0) / 100,
    }


def outcome(campaign: Mapping[str, Any]) -> list[Figure]:
    """What it would bring."""
    returned = campaign["returned"]
    return [
        Figure(
            "Contacted", number(campaign["contacted"]), f"{number(campaign['would_leave'], 1)} would leave"
        ),
        Figure("Kept", number(campaign["saved"], 1), f"worth {money(campaign['value'])}"),
        Figure("Cost", money(campaign["cost"]), "contacts and discounts"),
        Figure(
            "Gain",
            signed(campaign["gain"], 0),
            f"{signed(campaign['gain_low'], 0)} to {signed(campaign['gain_high'], 0)} by chance, 95 %",
        ),
        Figure("Return", DASH if returned is None else f"{signed(returned, 1)} x", "gain over cost"),
        Figure("Breaks even", percent(campaign["break_even"], 2), "of would-be leavers kept"),
    ]
