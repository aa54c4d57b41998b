"""What operators order the tournament to do, by command or by HTTP: the same orders, in the same order."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from control.decisions import Decided, ModelTopics
from control.orders import give
from online_model.registry.registry import Registry
from online_model.registry.retention import protect
from online_model.tournament.decision import Command
from profiles.serving import Serving


class Operator(NamedTuple):
    """Gives orders to one deployment's trainer."""

    at: ModelTopics
    open_registry: Callable[[], Registry]
    timeout_s: float
    """How long each answer is waited for."""

    def order(self, serving: Serving, kind: str, name: str | None) -> Decided:
        """One order, and what was decided.

        Raises:
            LogError: Kafka does not answer.
            OrderError: it is refused, or nobody has answered.
        """
        command = msgspec.convert({"kind": kind, "name": name}, Command)
        at_ms = 0 if serving.quality is None else serving.quality.at_ms
        return give(self.at, command, at_ms, self.timeout_s)

    def pin(self, serving: Serving, what: str | None) -> list[Decided]:
        """Let a contestant serve whatever evidence says.

        Args:
            what: a contestant; a version, which is kept for ever and its contestant pinned; None for what serves.

        Raises:
            RegistryError: there is no such version, or it is refused.
            LogError: Kafka does not answer.
            OrderError: an order is refused, or nobody has answered.
        """
        answers = []
        name = what
        if what is not None and what[:1].isdigit():
            registry = self.open_registry()
            name = registry.manifest(what, self.at.lineage).training.name
            protect(registry, what, "pinned")
        if name is not None and name != _champion(serving):
            answers.append(self.order(serving, "promote", name))
        answers.append(self.order(serving, "pin", None))
        return answers


def _champion(serving: Serving) -> str | None:
    if serving.risk.parts and serving.fault is None:
        return serving.risk.parts[0].contestant  # what is announced is newer than what was judged
    return None if serving.quality is None else serving.quality.champion
