"""What serves, which generation is read, and what is known of all users: followed beside the requests.

A thread looks at Kafka and loads versions, a task looks at Redis; both put a new immutable object in the old one's
place, so that a request sees one state of affairs from its beginning to its end.
"""

import asyncio
import logging
import threading
from typing import Final, NamedTuple

from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.background import Background
from api.config import ApiConfig
from api.problems import ProblemError
from control.log import LogError
from domain.labels import lineage_of
from feature_store import reading
from feature_store.position import RefusedError, decode
from feature_store.stream import Stream
from online_model.own_rhythm import Population
from online_model.registry.registry import Registry
from online_model.risk import Risk
from online_model.tiers import Thresholds
from profiles.answers import Judge, judge
from profiles.serving import Models, Serving
from profiles.views import Basis

log = logging.getLogger("ebbwatch.api")

REFRESH_S: Final = 1.0
"""The counters of gaps and the pointer are so old at most."""
_LOOK_S: Final = 0.5
_RETRY_S: Final = 10.0
NOTHING: Final = Serving(Risk(), None, (), None, None)


class Present(NamedTuple):
    """One state of affairs."""

    stream: Stream
    topic_id: str
    """Of the log that the store follows; empty before anything was read."""
    serving: Serving
    judge: Judge


class Following:
    """Keeps `Present` up to date."""

    def __init__(self, config: ApiConfig, store: aredis.Redis) -> None:
        self._config = config
        self._store = store
        self._thresholds = Thresholds(config.tier_medium, config.tier_high)
        self._serving = NOTHING
        self._looked = threading.Event()
        self._lineage = config.lineage
        self._present: Present | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="models", daemon=True)
        self._background = Background()
        self._population = Population()
        self.store_fault: str | None = "Redis was not asked yet"
        self.models_fault: str | None = "Kafka was not asked yet"

    async def start(self) -> None:
        """Begin; waits for the first look at Redis and, for some seconds, for the one at what serves."""
        self._thread.start()
        await asyncio.to_thread(self._looked.wait, 5.0)
        await self.refresh()
        self._background.start(self._follow())

    async def stop(self) -> None:
        """Follow no more."""
        self._stopping.set()
        await self._background.stop()
        await asyncio.to_thread(self._thread.join, 5.0)

    @property
    def present(self) -> Present:
        """What holds now.

        Raises:
            ProblemError: 503, the store was not reached yet.
        """
        if self._present is None:
            raise ProblemError(
                503, "not_ready", "the store was not reached yet: see /readyz", {"Retry-After": "1"}
            )
        return self._present

    @property
    def stream(self) -> Stream | None:
        """What is read; None while the store was not reached yet."""
        return None if self._present is None else self._present.stream

    @property
    def lineage(self) -> str:
        """Of the examples that belong to the log that is served."""
        return self._lineage

    def registry(self) -> Registry:
        """The deployment's registry.

        Raises:
            StorageError: no such kind of address.
        """
        return Registry(self._config.registry, self._config.registry_key.encode())

    async def refresh(self) -> None:
        """Look at Redis now; if it is away, what was known holds on."""
        try:
            stream = await reading.pointer(self._store)
            if stream is None:
                self.store_fault = "nothing was written to the store yet"
                return
            population = Population(*await reading.gaps(self._store, stream))
            stored = next((p for p in await reading.clocks(self._store, stream) if p), None)
            topic_id = decode(stored).topic_id if stored else ""
        except (RedisError, OSError, RefusedError) as fault:
            self.store_fault = f"Redis does not answer: {type(fault).__name__}"
            return
        self.store_fault = None
        if topic_id:  # after a repartition it is another log, and other examples
            self._lineage = lineage_of(self._config.facts, topic_id)
        serving, before = self._serving, self._present
        if (
            before is not None
            and before.stream == stream
            and before.serving is serving
            and before.topic_id == topic_id
            and self._population == population
        ):
            return
        self._population = population
        by = Basis(
            serving.risk,
            population,
            self._config.facts.horizon_ms,
            serving.risk.thresholds or self._thresholds,
        )
        if before is not None and before.serving.risk is serving.risk:
            judged = before.judge._replace(by=by)
        else:
            judged = judge(serving, by)
        self._present = Present(stream, topic_id, serving, judged)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except Exception:
                log.exception("what serves cannot be followed; what was known holds on")

    def _look(self) -> None:
        """The thread."""
        while not self._stopping.is_set():
            lineage = self._lineage
            try:
                with Models(self._config.kafka, self._config.model_topic, lineage, self.registry) as models:
                    self._look_at(models, lineage)
            except LogError as fault:
                self.models_fault = str(fault)
                self._looked.set()
                self._stopping.wait(_RETRY_S)
            except Exception as fault:  # a thread that ended would leave an old model serving for ever
                log.exception("what serves cannot be followed; what was known holds on")
                self.models_fault = f"what serves cannot be followed: {type(fault).__name__}"
                self._looked.set()
                self._stopping.wait(_RETRY_S)

    def _look_at(self, models: Models, lineage: str) -> None:
        waited = 0.0
        while not self._stopping.is_set() and lineage == self._lineage:
            serving = models.look()
            if serving.risk is not self._serving.risk:
                serving.risk.warm_up()
            self._serving = serving
            self.models_fault = None
            self._looked.set()
            if serving.fault is not None:
                waited += _LOOK_S
                if waited >= _RETRY_S:
                    waited = 0.0
                    models.forget()
            self._stopping.wait(_LOOK_S)
