"""Records of the topic of decisions, apart from the training: whoever only reads them needs none of it."""

from typing import Any

import msgspec


class LoggedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Value of a record in the topic of decisions, as JSON. A crash may repeat one: `lineage` and `number` tell."""

    lineage: str
    number: int
    decision: Any
