"""The notifier's decisions: reads what they rest on, and writes them as steps into `control`."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import msgspec
import xxhash
from redis import Redis

from control import tables
from control.writing import ControlWriter
from domain.alert_life import AlertState
from domain.alert_view import view
from domain.alerts import DAY_MS, Alert
from domain.control import Contact, OptOut, Step, decode
from domain.intake import Known, Market, intake, step
from domain.triage import Rules, Said, Verdict, budget, decide, worth
from stream_processors.projecting import load

_WAITING: Final = 500
"""So many of the waiting are looked at, best first; the others have none of the budget before these."""
_DUE: Final = 500
_SAID: Final = (b"contact/", b"opt_out/")
_ALERT: Final = b"alert/"


class Desk:
    """Decides on top of a projection that has reached the end of `control`. Synchronous; one thread."""

    def __init__(self, store: Redis, control: ControlWriter, rules: Rules, public_url: str) -> None:
        self._store = store
        self._control = control
        self._rules = rules
        self._public_url = public_url
        self._run = secrets.token_hex(4)

    def take_in(self, records: Sequence[Alert], now: int, market: Market) -> int:
        """First steps of new alerts, and the resolution of old ones; the number of steps written."""
        users = sorted({record.user for record in records})
        said, theirs = self._said(users)
        known = Known(load(self._store, {record.id for record in records} | theirs), said)
        return self._write(intake(records, known, self._erased(users), now, self._rules, market))

    def look(self, now: int, market: Market) -> int:
        """What is due at `now` (ms): alerts that lapse, snoozes that are over, releases; the steps written."""
        return self._write([*self._lapsed(now), *self._returned(now), *self._releases(now, market)])

    def _lapsed(self, now: int) -> Iterable[Step]:
        for state in self._alerts(self._due(tables.LAPSING, now)):
            yield step(state.id, state.user, "expired", now)

    def _returned(self, now: int) -> Iterable[Step]:
        for state in self._alerts(self._due(tables.SNOOZED, now)):
            taken = step(state.id, state.user, "returned", now)
            # it may be snoozed again and again; each return is one
            yield msgspec.structs.replace(taken, id=f"{taken.id}.{state.until}")

    def _releases(self, now: int, market: Market) -> Iterable[Step]:
        found = cast("list[bytes]", cast(Any, self._store.zrevrange(tables.WAITING, 0, _WAITING - 1)))
        waiting = self._alerts(found)
        if not waiting:
            return
        said, _ = self._said(sorted({state.user for state in waiting}))
        spent = cast("bytes | None", cast(Any, self._store.hget(tables.SPENT, str(now // DAY_MS))))
        states = {state.id: state for state in waiting}
        a_day = budget(market.active, self._rules)
        for verdict in decide(waiting, said, now, int(spent or 0), a_day, self._rules):
            yield self._carried_out(verdict, states[verdict.alert], now, market)

    def _carried_out(self, verdict: Verdict, state: AlertState, now: int, market: Market) -> Step:
        if verdict.what == "suppressed":
            return step(state.id, state.user, "suppressed", now, reason=verdict.reason)
        if not state.user:
            return step(state.id, "", "released", now, body=state.raised)
        alert = msgspec.convert(state.raised, Alert)
        found = worth(alert, self._rules, market.chance, market.top)._replace(
            urgent=bool(state.raised["urgent"])
        )
        return step(state.id, state.user, "released", now, body=view(alert, found, self._public_url))

    def _write(self, steps: Sequence[Step]) -> int:
        if steps:
            self._control.write([msgspec.structs.replace(one, run=self._run) for one in steps])
        return len(steps)

    def _due(self, key: str, now: int) -> list[bytes]:
        return cast("list[bytes]", cast(Any, self._store.zrangebyscore(key, "-inf", now, 0, _DUE)))

    def _alerts(self, ids: Sequence[bytes]) -> list[AlertState]:
        found = load(self._store, [id_.decode() for id_ in ids])
        return list(found.values())

    def _erased(self, users: Sequence[str]) -> dict[str, int]:
        """When users were erased, ms; those who were not are left out."""
        if not users:
            return {}
        fields = [xxhash.xxh3_64_hexdigest(user.encode()) for user in users]
        stored = cast("list[bytes | None]", cast(Any, self._store.hmget(tables.ERASED, fields)))
        return {user: int(at) for user, at in zip(users, stored, strict=True) if at is not None}

    def _said(self, users: Sequence[str]) -> tuple[dict[str, list[Said]], set[str]]:
        """What people have said of users, and ids of the users' alerts."""
        with self._store.pipeline(transaction=False) as pipe:
            for user in users:
                pipe.hgetall(tables.of_user(user))
            answers = cast("list[dict[bytes, bytes]]", pipe.execute())
        said: dict[str, list[Said]] = {}
        alerts: set[str] = set()
        for user, fields in zip(users, answers, strict=True):
            alerts |= {name.removeprefix(_ALERT).decode() for name in fields if name.startswith(_ALERT)}
            records = [decode(value) for name, value in fields.items() if name.startswith(_SAID)]
            said[user] = [one for one in records if isinstance(one, Contact | OptOut)]
        return said, alerts
