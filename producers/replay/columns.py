"""Any file: the caller says which column holds which field."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.events import Event
from producers.replay.rows import RejectedRowError, Row
from producers.replay.values import exact, text, whole

FIELDS: Final = {
    # option: field of the event
    "user": "user_id",
    "time": "time",
    "amount": "amount",
    "type": "type",
    "session": "session_id",
    "product": "product",
    "quantity": "quantity",
    "platform": "platform",
    "plan": "plan",
    "channel": "channel",
    "geography": "geography",
    "order": "order_id",
    "feature": "feature",
    "category": "category",
    "event_id": "event_id",
}


class Columns:
    """The layout that a column mapping describes; implements `producers.replay.layout.Layout`."""

    def __init__(self, mapping: Mapping[str, str], default_type: str, times: Callable[[object], int]) -> None:
        """Args:
        mapping: option of `FIELDS` to column; ``user`` and ``time`` must be in it.
        default_type: of rows whose type is empty or has no column.
        """
        others = {FIELDS[option]: column for option, column in mapping.items()}
        self.columns: Final = frozenset(mapping.values())
        self._user = others.pop("user_id")
        self._time = others.pop("time")
        self._amount = others.pop("amount", None)
        self._quantity = others.pop("quantity", None)
        self._texts = others
        self._default_type = default_type
        self._times = times

    def event(self, row: Row, event_id: str) -> Event:
        """See `producers.replay.layout.Layout.event`."""
        user = text(row.get(self._user))
        if user is None:
            raise RejectedRowError("no_user")
        values: dict[str, Any] = {"event_id": event_id, "type": self._default_type}
        for field, column in self._texts.items():
            value = text(row.get(column))
            if value is not None:
                values[field] = value
        if self._amount is not None and (amount := exact(row.get(self._amount), "bad_amount")) is not None:
            values["amount"] = float(amount)
        if self._quantity is not None:
            values["quantity"] = whole(row.get(self._quantity), "bad_quantity")
        return Event(user_id=user, time=self._times(row.get(self._time)), **values)

    def signup(self, row: Row, event: Event) -> Event | None:  # noqa: ARG002 a mapping tells of none
        """None: a mapping names no such column."""
        return None
