"""Orders of operators, as they travel in the topic of commands: JSON."""

import msgspec

from online_model.tournament.decision import Command


class OrderError(ValueError):
    """A record of the topic is no order."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator wants, and from when on."""

    id: str
    """By which the answer in the topic of decisions is known."""
    at_ms: int
    """Event time: carried out when all up to there is learned, so that learning anew from the topics obeys at the
    same moment. 0 for at once."""
    command: Command


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
