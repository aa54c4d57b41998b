"""What to do about a customer, by the table of recommended actions."""

from collections.abc import Mapping
from typing import Any

from advisor.training.names import AT_RISK
from domain.actions import ANY, Actions, recommended


def theme(row: Mapping[str, Any]) -> str:
    """Of the heaviest reason that raises the risk; `ANY` where there is none.

    Args:
        row: of `advisor.training.customers.SCHEMA`.
    """
    return next((driver["theme"] for driver in row["drivers"] or () if driver["weight"] > 0), ANY)


def action(row: Mapping[str, Any], actions: Actions) -> str | None:
    """Of a customer in the high or medium tier; None of others, whom nobody need contact."""
    return recommended(actions, theme(row), row["tier"]) if row["tier"] in AT_RISK else None
