"""What triage must know of all users together: their number, what a contact saves, where the top tenth begins."""

import logging
import time
from typing import Any, Final, cast

import msgspec
from redis import Redis

from control import tables
from control.log import LogError
from control.newest import Newest
from domain.control import Done
from domain.intake import Market
from feature_store import lookup
from feature_store.stream import load
from online_model.quality import published
from online_model.quality.published import PublishedError
from stream_processors.notifier_config import NotifierConfig

log = logging.getLogger("ebbwatch.notifier")

_OLD_S: Final = 5.0
SURVEY: Final = "survey"
"""Id in `control.tables.DONE` of the newest survey's answer."""


class MarketWatch:
    """Looks it up anew every few seconds. Synchronous; one thread."""

    def __init__(self, config: NotifierConfig, store: Redis) -> None:
        self._config = config
        self._store = store
        self._models: Newest | None = None
        self._market = Market(chance=config.triage.chance)
        self._looked = float("-inf")

    def now(self) -> Market:
        """As of a few seconds ago at most."""
        if time.monotonic() - self._looked > _OLD_S:
            self._market = Market(chance=self._chance(), top=self._top(), active=self._active())
            self._looked = time.monotonic()
        return self._market

    def _active(self) -> int:
        stream = load(self._store)
        return 0 if stream is None else lookup.totals(self._store, stream).at_risk

    def _top(self) -> float:
        stored = cast("bytes | None", cast(Any, self._store.hget(tables.DONE, SURVEY)))
        if stored is None:
            return float("inf")
        top = msgspec.json.decode(stored, type=Done).body.get("top_tenth")
        return float("inf") if top is None else float(top)

    def _chance(self) -> float:
        """The trainer's: measured by the holdout, or the guess that it was given."""
        config = self._config
        try:
            if self._models is None:
                self._models = Newest(config.kafka, config.model_topic)
            value = self._models.look().get(published.KEY)
            judged = None if value is None else published.decode(value)
        except (LogError, PublishedError) as fault:
            log.warning("what a contact saves is guessed: %s", fault)
            return config.triage.chance
        if judged is None or judged.lineage != config.lineage:
            return config.triage.chance
        return judged.contact.chance_of_saving
