"""Operators' orders to the tournament: given through a topic, answered in the log of decisions."""

import time
import uuid
from typing import Final

from control.decisions import Decided, ModelTopics, decisions, end_of_decisions, send_order
from online_model.tournament.decision import Command
from online_model.training.orders import Order

_LOOK_S: Final = 0.2


class OrderError(RuntimeError):
    """An order was refused, or nobody has answered it."""


class RefusedOrderError(OrderError):
    """The tournament refuses the order: nothing has changed."""


class UnansweredOrderError(OrderError):
    """No trainer has answered in time; the order still stands."""


def give(at: ModelTopics, command: Command, at_ms: int, timeout_s: float) -> Decided:
    """Give an order and wait for what is decided.

    Args:
        at_ms: event time at which it is to be carried out, not later than training has come to; see `Order`.

    Raises:
        LogError: Kafka does not answer.
        RefusedOrderError: the tournament refuses it.
        UnansweredOrderError: no trainer has answered in time.
    """
    order = Order(id=uuid.uuid4().hex, at_ms=at_ms, command=command)
    start = end_of_decisions(at)
    send_order(at, order)
    give_up = time.monotonic() + timeout_s
    while True:
        for decided in decisions(at, start):
            if decided.detail.get("refused") == order.id:
                raise RefusedOrderError(f"refused: {decided.text}")
            if answers(decided, command):
                return decided
        if time.monotonic() > give_up:
            raise UnansweredOrderError(
                f"no answer within {timeout_s:g} s: does the trainer run (`ebbwatch trainer`, `ebbwatch run`)? The "
                "order stands in its topic, and is carried out when the trainer comes to it"
            )
        time.sleep(_LOOK_S)


def answers(decided: Decided, command: Command) -> bool:
    """Whether this is what became of the order. A promotion of who is being rolled out serves everybody at once."""
    kinds = ("promote", "roll_out") if command.kind == "promote" else (command.kind,)
    about = (None, decided.detail.get("champion"), decided.detail.get("other"))
    same = command.version == decided.detail.get("version") or command.kind != "pin"
    return decided.by == "operator" and decided.kind in kinds and command.name in about and same
