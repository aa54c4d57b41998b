"""Customers of a file: pages of all or some of them, and one with all that is known."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from advisor.insights.advice import action
from advisor.workspaces.folders import CONTACTS, EVENTS
from api.workspaces.shelf import Held
from api.workspaces.sorting import Sort
from domain.actions import Actions
from domain.catalogue import CATALOGUE
from online_model.explain.labels import LABELS
from profiles.views import shown_value

# ruff: noqa: PLC0415 - most processes never need them, and they take their time

_COLUMNS: Final = ["user", "time_ms", "type", "amount", "order_id"]


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """Of the risk."""

    text: str
    theme: str
    weight: float
    """Log-odds."""
    direction: str
    """`raises` or `lowers`."""


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """As of the end of the file; money of the file."""

    user: str
    tier: str
    """`high`, `medium`, `low`; `gone` of who has been silent for too long."""
    probability: float | None
    """Of leaving within the horizon; null of who is gone."""
    tier_week_ago: str | None
    """Null of who was not there, or gone."""
    probability_week_ago: float | None
    segment: str | None
    """Kind of customer, by behaviour; null in results of a program that told none."""
    last_purchase_ms: int | None
    silence_days: float
    tenure_days: float
    orders: int
    revenue: float
    """Less refunds."""
    value: float
    """Of the last 26 weeks, less refunds."""
    value_at_risk: float | None
    """`probability` times `value`."""
    drivers: list[Driver] | None
    """Heaviest first; null where none were looked for."""
    action: str | None
    """What to do, of customers in the high or medium tier."""


class Wanted(NamedTuple):
    """Which customers are shown; None is all."""

    tier: str | None
    segment: str | None
    search: str
    """What ids begin with."""


class CustomersView(msgspec.Struct, frozen=True, kw_only=True):
    """A page."""

    items: list[Customer]
    total: int
    """Of all pages."""
    cursor: int | None
    """Of the next page; null behind the last one."""


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """Of one customer, UTC."""

    month: str
    """`2011-05`."""
    orders: int
    spent: float
    refunded: float


class FeatureOf(msgspec.Struct, frozen=True, kw_only=True):
    """What the model knows of a customer."""

    name: str
    label: str
    value: float | str | None
    """Null for what cannot be known."""
    unit: str
    window: str


class OneCustomer(Customer, frozen=True, kw_only=True):
    """With all that is known."""

    contact: dict[str, str]
    """Fields that the file has, by `email`, `name`, `phone`."""
    months: list[Month]
    """With a purchase or refund, the earliest first."""
    features: list[FeatureOf]
    """In the order of the catalogue."""


def page(held: Held, wanted: Wanted, sort: Sort, start: int, limit: int, actions: Actions) -> CustomersView:
    """Some of the customers from `start` on."""
    rows = _chosen(held, wanted, sort)
    items = [_customer(row, actions) for row in held.table.take(rows[start : start + limit]).to_pylist()]
    after = start + len(items)
    return CustomersView(items=items, total=len(rows), cursor=after if after < len(rows) and items else None)


def one(held: Held, row: int, folder: Path, actions: Actions) -> OneCustomer:
    """All that is known of the customer in a row of the table.

    Args:
        folder: of the workspace.
    """
    known = held.table.slice(row, 1).to_pylist()[0]
    person = held.person(row)
    return OneCustomer(
        **msgspec.structs.asdict(_customer(known, actions)),
        contact=_contact(folder / CONTACTS, known["user"]),
        months=months(folder / EVENTS, known["user"]),
        features=[
            FeatureOf(
                name=form.name,
                label=LABELS[form.name],
                value=shown_value(form.name, value, person.names),
                unit=form.unit,
                window=form.window,
            )
            for form, value in zip(CATALOGUE, person.features.tolist(), strict=True)
        ],
    )


def months(events: Path, user: str) -> list[Month]:
    """What a customer bought and gave back; lines of one order are one, and each line without one is an order."""
    import pyarrow.parquet as pq

    found = pq.read_table(events, columns=_COLUMNS, filters=[("user", "=", user)]).to_pylist()
    orders: dict[str, set[object]] = {}
    spent: dict[str, float] = {}
    refunded: dict[str, float] = {}
    for number, event in enumerate(found):
        month = time.strftime("%Y-%m", time.gmtime(event["time_ms"] // 1000))
        bought = event["type"] == "purchase"
        if bought:
            orders.setdefault(month, set()).add(event["order_id"] or number)
        if bought or event["type"] == "refund":
            sums = spent if bought else refunded
            sums[month] = sums.get(month, 0.0) + (event["amount"] or 0.0)
    return [
        Month(
            month=month,
            orders=len(orders.get(month, ())),
            spent=spent.get(month, 0.0),
            refunded=refunded.get(month, 0.0),
        )
        for month in sorted(spent.keys() | refunded.keys())
    ]


def _chosen(held: Held, wanted: Wanted, sort: Sort) -> npt.NDArray[np.int64]:
    import pyarrow.compute as pc

    table, order = held.table, held.ordered(sort)
    among = np.ones(table.num_rows, np.bool_)
    if wanted.tier is not None:
        among &= pc.equal(table["tier"], wanted.tier).to_numpy()
    if wanted.segment is not None:
        among &= pc.fill_null(pc.equal(table["segment"], wanted.segment), False).to_numpy()
    if wanted.search:
        among &= pc.starts_with(table["user"], wanted.search).to_numpy()
    return order[among[order]]


def _customer(row: Mapping[str, Any], actions: Actions) -> Customer:
    return msgspec.convert({**row, "action": action(row, actions)}, Customer)


def _contact(path: Path, user: str) -> dict[str, str]:
    import pyarrow.parquet as pq

    if not path.exists():
        return {}
    found = pq.read_table(path, filters=[("user", "=", user)]).to_pylist()
    return {name: said for row in found for name, said in row.items() if name != "user" and said is not None}


_CUSTOMER: Final = Customer(
    user="17850",
    tier="high",
    probability=0.7431,
    tier_week_ago="medium",
    probability_week_ago=0.61,
    segment="At-Risk",
    last_purchase_ms=1_322_000_000_000,
    silence_days=17.2,
    tenure_days=372.9,
    orders=34,
    revenue=5288.63,
    value=2100.5,
    value_at_risk=1560.88,
    drivers=[
        Driver(
            text="no session for 17 days; the usual gap is 4 days",
            theme="silence",
            weight=1.6723,
            direction="raises",
        )
    ],
    action="Reach out in person: the silence is far longer than usual for this user.",
)
PAGE: Final = CustomersView(items=[_CUSTOMER], total=784, cursor=100)
ONE: Final = OneCustomer(
    **msgspec.structs.asdict(_CUSTOMER),
    contact={"email": "someone@example.org"},
    months=[Month(month="2011-05", orders=3, spent=412.5, refunded=0.0)],
    features=[
        FeatureOf(
            name="days_since_last_session",
            label="days since the last session",
            value=17.2,
            unit="d",
            window="since it",
        )
    ],
)
