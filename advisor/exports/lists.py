"""Customers as CSV: everybody with what was predicted, and whom to contact."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from advisor.insights.advice import action
from advisor.insights.campaigns import Choice, Offer, gains
from domain.actions import Actions
from storage.spreadsheet import written

PREDICTIONS: Final = "predictions.csv"
TARGETS: Final = "targets.csv"
_CONTACTS: Final = ("email", "name", "phone")
_COLUMNS: Final = (
    "user", "tier", "probability", "tier_week_ago", "probability_week_ago", "segment", "silence_days", "tenure_days",
    "orders", "revenue", "value", "value_at_risk", "why",
)  # fmt: skip
_TARGETED: Final = (
    "user",
    "tier",
    "probability",
    "segment",
    "value",
    "value_at_risk",
    "gain",
    "why",
    "action",
)


def predictions(customers: pa.Table, contacts: pa.Table | None) -> bytes:
    """Everybody, in the order of the table.

    Args:
        customers: `advisor.training.customers.SCHEMA`.
        contacts: `user` and the contact fields that the file has; None where it has none.
    """
    return written(list(_rows(customers, contacts)), [*_COLUMNS, *_fields(contacts)])


def targets(customers: pa.Table, contacts: pa.Table | None, offer: Offer, actions: Actions) -> bytes:
    """Customers in the high and medium tier whom it pays to contact, the most gain first, with what to do.

    Args:
        actions: by theme of the heaviest reason that raises the risk, and tier.
    """
    found = []
    for row in _rows(customers, contacts):
        todo = action(row, actions)
        if todo is None:
            continue
        choice = Choice(*(pa.array([row[name]]).to_numpy() for name in ("probability", "value")))
        gain = float(gains(choice, offer)[0])
        if gain > 0:
            found.append({**row, "gain": gain, "action": todo})
    found.sort(key=lambda row: (-row["gain"], row["user"]))
    return written(found, [*_TARGETED, *_fields(contacts)])


def _rows(customers: pa.Table, contacts: pa.Table | None) -> Iterator[dict[str, Any]]:
    known = {} if contacts is None else {row["user"]: row for row in contacts.to_pylist()}
    for row in customers.to_pylist():
        raising = [driver["text"] for driver in row["drivers"] or () if driver["weight"] > 0]
        yield {**known.get(row["user"], {}), **row, "why": "; ".join(raising)}


def _fields(contacts: pa.Table | None) -> list[str]:
    return [] if contacts is None else [name for name in _CONTACTS if name in contacts.column_names]
