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
        return self._give(serving, msgspec.convert({"kind": kind, "name": name}, Command))

    def pin(self, serving: Serving, what: str | None) -> Decided:
        """Let a contestant or one version serve everybody, whatever evidence says.

        Args:
            what: a contestant, whose later versions follow; a version, which serves as it is and is kept for ever;
                None for what serves now.

        Raises:
            RegistryError: there is no such version, or it is refused.
            LogError: Kafka does not answer.
            OrderError: the order is refused, or nobody has answered.
        """
        command = Command(kind="pin", name=what)
        if what is not None and what[:1].isdigit():
            registry = self.open_registry()
            name = registry.manifest(what, self.at.lineage).training.name
            command = Command(kind="pin", name=name, version=what)
            protect(registry, what, "pinned")
        return self._give(serving, command)

    def _give(self, serving: Serving, command: Command) -> Decided:
        at_ms = 0 if serving.quality is None else serving.quality.at_ms
        return give(self.at, command, at_ms, self.timeout_s)
