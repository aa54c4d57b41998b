"""Refitted models are sent into the tournament: by orders, carried out by the trainer at a midnight of event time."""

from collections.abc import Collection

from control.decisions import ModelTopics, orders, send_order
from online_model.training.orders import entry, is_entry


def enter(at: ModelTopics, versions: Collection[str]) -> list[str]:
    """Order those in that were not ordered before, by whomever; which ones.

    Nobody waits for the answer: it is a decision, `enter`, or why the order was refused.

    Args:
        versions: ids of candidates.

    Raises:
        LogError: Kafka does not answer; those whose order has reached it are not ordered again.
    """
    known = {order.id for order in orders(at) if is_entry(order)}
    new = [version for version in versions if version not in known]
    for version in new:
        send_order(at, entry(version))
    return new
