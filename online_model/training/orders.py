"""Orders of operators and batch jobs, as they travel in the topic of commands: JSON."""

from collections.abc import Iterable

import msgspec

from online_model.tournament.decision import Command


class OrderError(ValueError):
    """A record of the topic is no order."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted, and from when on.

    An order to `enter` names no time: event time goes on while it travels. The trainer names the midnight, and
    writes the order into the topic once more with that time before it goes on; only that one is carried out. So
    learning anew from the topics does it at the same midnight.
    """

    id: str
    """By which the answer in the topic of decisions is known."""
    at_ms: int
    """Event time: carried out when all up to there is learned, so that learning anew from the topics obeys at the
    same moment. 0 for at once, and of an order to `enter` for one that the trainer has not answered."""
    command: Command


def entry(version: str, at_ms: int = 0) -> Order:
    """That a candidate enters the tournament; `at_ms` is for the trainer's answer."""
    return Order(id=version, at_ms=at_ms, command=Command(kind="enter", version=version))


def unanswered(orders: Iterable[Order]) -> list[Order]:
    """Orders in their sequence, without those to `enter` that stand among them once more with their time."""
    found = list(orders)
    answered = {order.id for order in found if is_entry(order) and order.at_ms}
    return [order for order in found if not is_entry(order) or order.at_ms or order.id not in answered]


def is_entry(order: Order) -> bool:
    """Whether it is about a refitted model that is to enter."""
    return order.command.kind == "enter"


def encode(order: Order) -> bytes:
    """The record's value."""
    return msgspec.json.encode(order)


def decode(value: bytes | None) -> Order:
    """Inverse of `encode`.

    Raises:
        OrderError: says what is wrong with the record.
    """
    try:
        return msgspec.json.decode(value or b"", type=Order)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise OrderError(f"no order to the trainer: {fault}") from fault
