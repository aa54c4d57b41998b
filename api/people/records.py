"""Decisions of the tournament and versions of the registry, remembered for some seconds: both are slow to read."""

import asyncio
import time
from typing import Final

from api.config import ApiConfig
from api.people.following import Following
from control.decisions import Decided, ModelTopics, decisions, end_of_decisions
from online_model.registry.errors import NotThereError
from profiles.model_report import Listed, listed

_AGAIN_S: Final = 2.0
REMEMBERED: Final = 100
"""Of the last decisions."""
_LOOK_BACK: Final = 1000


class Records:
    """Of one API process."""

    def __init__(self, config: ApiConfig, following: Following) -> None:
        self._config = config
        self._following = following
        self._looking = asyncio.Lock()
        self._decided: tuple[float, list[Decided]] = (float("-inf"), [])
        self._listed: tuple[float, list[Listed]] = (float("-inf"), [])

    @property
    def topics(self) -> ModelTopics:
        """Where the trainer is spoken to, and answers."""
        config = self._config
        return ModelTopics(config.kafka, config.decision_topic, config.command_topic, self._following.lineage)

    async def decisions(self) -> list[Decided]:
        """The last ones, newest first.

        Raises:
            LogError: Kafka does not answer.
        """
        async with self._looking:
            if time.monotonic() - self._decided[0] > _AGAIN_S:
                self._decided = (time.monotonic(), await asyncio.to_thread(self._decisions))
            return self._decided[1]

    async def versions(self) -> list[Listed]:
        """Of the registry, newest first, each with all its files checked.

        Raises:
            RegistryError: the registry cannot be read.
        """
        async with self._looking:
            if time.monotonic() - self._listed[0] > _AGAIN_S:
                self._listed = (time.monotonic(), await asyncio.to_thread(self._versions))
            return self._listed[1]

    def _decisions(self) -> list[Decided]:
        at = self.topics
        start = max(0, end_of_decisions(at) - _LOOK_BACK)
        return decisions(at, start)[::-1][:REMEMBERED]

    def _versions(self) -> list[Listed]:
        following = self._following
        serving = following.present.serving
        try:
            return list(listed(following.registry(), serving, following.lineage))
        except NotThereError:
            if serving.announcement is not None:
                raise
            return []  # the trainer makes the registry with its first version
