"""What stands beside a user's record: the ledger's history, what became of like users, open alerts."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from redis import asyncio as aredis

from api.background import Background
from api.config import ApiConfig
from api.people.following import Following
from control import tables
from domain.alert_life import LIVE
from domain.labels import delay_ms
from online_model.ledger.ledger import LedgerError
from online_model.risk import BASELINE
from profiles import past
from profiles.past import Alike, Said, Settled
from profiles.profile import Beside, OpenAlert

log = logging.getLogger("ebbwatch.api")

_REFRESH_S: Final = 60.0
_ALERT: Final = b"alert/"


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of an alert's state."""

    id: str
    state: str
    view: dict[str, Any] = {}
    owner: str = ""


class Past:
    """Of one API process."""

    def __init__(self, config: ApiConfig, store: aredis.Redis, following: Following) -> None:
        self._archive = Path(config.archive)
        self._delay_ms = delay_ms(config.facts)
        self._store = store
        self._following = following
        self._settled = past.NOTHING
        self._background = Background()
        self._reading = asyncio.Semaphore(2)

    def start(self) -> None:
        """Begin to read what is settled, and go on doing so."""
        self._background.start(self._follow())

    async def stop(self) -> None:
        """Read no more."""
        await self._background.stop()

    async def beside(self, user: str, user_hash: int, score: float | None, silence: float | None) -> Beside:
        """Of one user."""
        return Beside(
            history=await self._history(user, user_hash),
            similar=self._alike(score, silence),
            alerts=await self._alerts(user),
        )

    async def _history(self, user: str, user_hash: int) -> list[Said]:
        async with self._reading:
            try:
                return await asyncio.to_thread(
                    past.history,
                    self._archive,
                    self._following.lineage,
                    user,
                    user_hash,
                    self._delay_ms,
                    BASELINE,
                )
            except LedgerError as fault:
                log.warning("no history is shown: %s", fault)
                return []

    def _alike(self, score: float | None, silence: float | None) -> Alike | None:
        return None if score is None or silence is None else past.alike(self._settled, score, silence)

    async def _alerts(self, user: str) -> list[OpenAlert]:
        reading: Any = self._store.hkeys(tables.of_user(user))
        ids = [field.removeprefix(_ALERT) for field in await reading if field.startswith(_ALERT)]
        if not ids:
            return []
        reading = self._store.hmget(tables.ALERTS, ids)
        return open_alerts([stored for stored in await reading if stored is not None])

    async def _follow(self) -> None:
        while True:
            try:
                self._settled = await asyncio.to_thread(self._newer, self._settled)
            except LedgerError as fault:
                log.warning("what became of past users cannot be read: %s", fault)
            await asyncio.sleep(_REFRESH_S)

    def _newer(self, before: Settled) -> Settled:
        return past.settled(self._archive, self._following.lineage, before)


def open_alerts(stored: list[bytes]) -> list[OpenAlert]:
    """Those that were handed out and are not done with, the newest first.

    Args:
        stored: JSON of `domain.alert_life.AlertState`.
    """
    states = [msgspec.json.decode(one, type=_State) for one in stored]
    found = [
        _shown(state.id, state.state, state.owner, state.view) for state in states if state.state in LIVE
    ]
    return sorted(found, key=lambda alert: (-alert.as_of, alert.id))


def _shown(id_: str, state: str, owner: str, view: Mapping[str, Any]) -> OpenAlert:
    return OpenAlert(
        id=id_,
        state=state,
        tier=str(view.get("tier", "")),
        why=str(view.get("why", "")),
        owner=owner,
        as_of=int(view.get("as_of", 0)),
    )
