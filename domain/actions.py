"""What to do about a user at risk: a table by the theme of the heaviest reason and the tier, people may edit it."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Actions = Mapping[str, Mapping[str, str]]
"""Theme to tier (``medium``, ``high``) to what is recommended."""

ANY: Final = "any"
"""The theme for reasons that no row of the table names."""

DEFAULT: Final[Actions] = {
    ANY: {
        "medium": "Keep an eye on this user; include in the next regular mailing.",
        "high": "Write to this user in person and ask what is missing.",
    },
    "silence": {
        "medium": "Send a reminder with what is new since the last visit.",
        "high": "Reach out in person: the silence is far longer than usual for this user.",
    },
    "activity": {
        "medium": "Show what similar users do at this stage.",
        "high": "Offer a short call or a guided tour: usage is falling away.",
    },
    "rhythm": {
        "medium": "Help to form a habit: suggest a fixed next step or a notification.",
        "high": "Offer a welcome-back benefit that is bound to a next visit.",
    },
    "support": {
        "medium": "See whether the last ticket was solved, and say so.",
        "high": "Have a senior agent call about the open trouble.",
    },
    "payment": {
        "medium": "Remind of the declined charge and offer another way to pay.",
        "high": "Call about the payment before the account lapses.",
    },
    "plan": {
        "medium": "Explain what the plan includes and is not used yet.",
        "high": "Offer a plan that fits the usage.",
    },
    "spend": {
        "medium": "Recommend products near to former purchases.",
        "high": "Make a personal offer worth less than the value at risk.",
    },
    "feedback": {
        "medium": "Thank for the feedback and say what follows from it.",
        "high": "Answer the criticism in person.",
    },
}


class ActionsError(ValueError):
    """The file of recommended actions cannot be used."""


def recommended(actions: Actions, theme: str, tier: str) -> str:
    """The action for a theme and a tier; that of `ANY` where the table has none."""
    return actions.get(theme, {}).get(tier) or actions.get(ANY, {}).get(tier, "")


def with_edits(text: bytes) -> dict[str, dict[str, str]]:
    """The default table, with the rows of a JSON object ``{theme: {tier: action}}`` in place of its own.

    Raises:
        ActionsError: says what is wrong with the text.
    """
    try:
        edits = msgspec.json.decode(text, type=dict[str, dict[Literal["medium", "high"], str]])
    except msgspec.MsgspecError as fault:
        raise ActionsError(
            f'recommended actions must be JSON like {{"silence": {{"high": "Call."}}}}: {fault}'
        ) from fault
    table = {theme: dict(row) for theme, row in DEFAULT.items()}
    for theme, row in edits.items():
        own = table.setdefault(theme, {})
        for tier, action in row.items():
            own[tier] = action
    return table
