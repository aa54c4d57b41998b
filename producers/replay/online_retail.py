"""Online Retail of the UCI repository (Chen 2015): invoice lines of a British gift wholesaler, 2010 to 2011.

A line is a purchase; it is a refund where the invoice number begins with C (cancelled) or the quantity is
negative. Lines at price 0 are gifts and samples: purchases of amount 0, since the customer did order. A
negative price corrects the books and is nobody's purchase: ``bad_amount``. Times have no zone.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.events import Event
from producers.replay.rows import RejectedRowError, Row
from producers.replay.values import exact, text, whole

_CENT: Final = Decimal("0.01")


class OnlineRetail:
    """Implements `producers.replay.layout.Layout`."""

    columns: Final = frozenset(
        ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    )

    def __init__(self, times: Callable[[object], int]) -> None:
        self._times = times

    def event(self, row: Row, event_id: str) -> Event:
        """See `producers.replay.layout.Layout.event`; amounts are rounded half up to the cent."""
        user = text(row.get("CustomerID"))
        if user is None:
            raise RejectedRowError("no_user")
        time = self._times(row.get("InvoiceDate"))
        quantity = whole(row.get("Quantity"), "bad_quantity")
        price = exact(row.get("UnitPrice"), "bad_amount")
        if quantity is None:
            raise RejectedRowError("bad_quantity")
        if price is None or price < 0:
            raise RejectedRowError("bad_amount")
        order = text(row.get("InvoiceNo"))
        cancelled = quantity < 0 or (order is not None and order.startswith(("C", "c")))
        return Event(
            event_id=event_id,
            user_id=user.removesuffix(".0"),  # a numeric column with gaps, written by pandas
            type="refund" if cancelled else "purchase",
            time=time,
            geography=text(row.get("Country")),
            product=text(row.get("StockCode")),
            order_id=order,
            quantity=abs(quantity),
            amount=float((abs(quantity) * price).quantize(_CENT, ROUND_HALF_UP)),
        )

    def signup(self, row: Row, event: Event) -> Event | None:  # noqa: ARG002 invoices tell of none
        """None: invoices do not say when an account was opened."""
        return None
