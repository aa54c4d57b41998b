"""All that the routes about users share: what serves, names, and reads that are gathered.

Requests that come while Redis is being asked are asked for together, in the next round trip, and judged together: a
busy API pays the price of a round trip and of a pass of NumPy for many users at once, an idle one waits for nobody.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.config import ApiConfig
from api.people.following import NOTHING, Following, Present
from api.people.names import Known, Names
from api.people.past import Past
from api.people.rankings import Rankings
from api.people.segments import Segments
from api.problems import ProblemError
from domain.calendar import DAY_MS
from domain.state import empty
from feature_store import reading
from feature_store.lookup import Facts
from online_model.own_rhythm import Population
from online_model.tiers import Thresholds
from profiles.answers import RiskAnswer, judge, quick, with_reasons
from profiles.profile import Beside, Profile, profile
from profiles.views import Basis, Judged, judged_together

_T = TypeVar("_T")
_MOST: Final = 256
"""Users in one gathered read."""


class Found(NamedTuple):
    """One user as read."""

    present: Present
    judged: Judged
    slot: int


class People:
    """Of one API process."""

    def __init__(self, config: ApiConfig, store: aredis.Redis, scratch: aredis.Redis) -> None:
        """
        Args:
            scratch: Redis without persistence, for rankings.
        """
        self.config = config
        self.store = store
        self.following = Following(config, store)
        self.names = Names(store)
        self.past = Past(config, store, self.following)
        self.rankings = Rankings(store, scratch, self.names, Segments(Path(config.batch)))
        self._waiting: list[tuple[str, asyncio.Future[Found | None]]] = []
        self._reader: asyncio.Task[None] | None = None
        self._sampling = asyncio.Semaphore(1)

    async def start(self) -> None:
        """Begin to follow."""
        await asyncio.to_thread(_warm_up)
        await self.following.start()
        self.past.start()

    async def stop(self) -> None:
        """Follow no more."""
        await self.past.stop()
        await self.following.stop()

    async def find(self, user: str) -> Found:
        """One user.

        Raises:
            ProblemError: 404, no event of this user was applied; 503, the store cannot be read.
        """
        future: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((user, future))
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        found = await future
        if found is None:
            raise ProblemError(404, "unknown_user", "no event of this user was applied")
        return found

    async def find_many(self, users: Sequence[str]) -> tuple[Present, list[Judged]]:
        """Users by partition, in one round trip.

        Raises:
            ProblemError: 503, the store cannot be read.
        """
        present = self.following.present
        return present, judged_together(await self._facts(present, users), present.judge.by)

    async def risk(self, user: str) -> RiskAnswer:
        """Risk and reasons of one user.

        Raises:
            ProblemError: as `find`.
        """
        found = await self.find(user)
        present, seen, slot = found
        if quick(seen, slot, present.judge):
            return await self.names.worded(
                present.stream,
                seen.facts.partition,
                lambda names: with_reasons(seen, slot, present.judge, names),
            )
        return await self.slowly(found, lambda names: with_reasons(seen, slot, present.judge, names))

    async def profile(self, user: str) -> Profile:
        """All that is known of one user.

        Raises:
            ProblemError: as `find`.
        """
        found = await self.find(user)
        present, seen, slot = found
        state, risk = seen.facts.states[slot], float(seen.risk[slot])
        last = int(state["last_active_ms"])
        beside = await self._beside(
            user,
            int(seen.hashes[slot]),
            None if math.isnan(risk) else risk,
            (int(seen.nows[slot]) - last) / DAY_MS if last else None,
        )
        return await self.slowly(found, lambda names: profile(seen, slot, present.judge, names, beside))

    async def slowly(self, found: Found, say: Callable[[Known], _T]) -> _T:
        """What `say` makes of the names, in a thread: one at a time, since it may sample for long."""
        async with self._sampling:
            names = await self._fresh(found)
            return await asyncio.to_thread(say, names)

    async def _fresh(self, found: Found) -> Known:
        """Names of the user's partition, with those of all the user's codes that have one."""
        state = found.judged.facts.states[found.slot]
        codes = [
            *(int(state[name]) for name in ("plan", "platform", "channel", "geography")),
            *state["feature_top"].tolist(),
            *state["category_top"].tolist(),
        ]

        def looked(names: Known) -> Known:
            for code in codes:
                if code:
                    names.get(code)
            return names

        return await self.names.worded(found.present.stream, found.judged.facts.partition, looked)

    async def _beside(self, user: str, hash_: int, risk: float | None, silence: float | None) -> Beside:
        try:
            return await self.past.beside(user, hash_, risk, silence)
        except (RedisError, OSError) as fault:
            raise _away() from fault

    async def _facts(self, present: Present, users: Sequence[str]) -> list[Facts]:
        try:
            return await reading.users(self.store, present.stream, users)
        except (RedisError, OSError) as fault:
            raise _away() from fault

    async def _read(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                try:
                    await self._answer(batch)
                except Exception as fault:  # each of them gets it, and the next batch is another one
                    for _, future in batch:
                        if not future.done():
                            future.set_exception(fault)
        finally:
            self._reader = None

    async def _answer(self, batch: Sequence[tuple[str, asyncio.Future[Found | None]]]) -> None:
        present, parts = await self.find_many([user for user, _ in batch])
        where = {
            user: (part, slot)
            for part in parts
            for slot, user in enumerate(part.facts.users)
            if part.facts.states["id_count"][slot] > 0
        }
        for user, future in batch:
            if future.done():
                continue
            place = where.get(user)
            future.set_result(None if place is None else Found(present, *place))


def _away() -> ProblemError:
    return ProblemError(503, "store_away", "the store does not answer; try again", {"Retry-After": "1"})


def _warm_up() -> None:
    """Load compiled code before the first user waits for it: one made-up user is judged, and explained in words."""
    states = empty(1)
    states["id_count"] = states["sessions"] = 1
    for name in ("first_ms", "last_ms", "first_session_ms", "last_active_ms"):
        states[name] = DAY_MS
    here = judge(NOTHING, Basis(NOTHING.risk, Population(), DAY_MS, Thresholds()))
    seen = judged_together([Facts(0, ["nobody"], states, 2 * DAY_MS)] * 2, here.by)[0]
    profile(seen, 0, here, {}, Beside(history=[], similar=None, alerts=[]))
