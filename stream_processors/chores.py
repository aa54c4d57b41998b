"""What the notifier does beside its decisions, in a thread of its own: the survey of each day, and mail."""

import logging
import threading
import time
from typing import Any, Final, cast

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from control import tables
from control.writing import ControlAwayError, ControlWriter
from domain.alert_life import AlertState
from domain.churn_rate import KIND, Rate, begun_and_over, body, segment_alert_id
from domain.control import Done, Step
from domain.intake import step
from domain.mails import Envelope
from feature_store.connect import connect
from feature_store.stream import load
from outlets.post import Post
from stream_processors.mailing import Mailing
from stream_processors.market import SURVEY
from stream_processors.notifier_config import NotifierConfig
from stream_processors.projecting import load as load_alerts

log = logging.getLogger("ebbwatch.notifier")

_LOOK_S: Final = 1.0
_ALERT: Final = b"alert/"


class Chores:
    """Begins when the projection has reached the end: what was done already is known then. A context manager."""

    def __init__(self, config: NotifierConfig, control: ControlWriter) -> None:
        self._config = config
        self._control = control
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)
        self._surveyed = ""

    def __enter__(self) -> "Chores":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        with connect(self._config.redis) as store:
            mailing = self._mailing(store)
            while not self._stopping.wait(_LOOK_S):
                now = int(time.time() * 1000)
                try:
                    if mailing is not None:
                        mailing.look(now)
                    self._survey(store, now)
                except (RedisError, ControlAwayError, OSError) as fault:
                    log.warning("chores wait: %s", fault)
                except Exception:  # mail and survey must not take the notifier's decisions with them
                    log.exception("a chore has failed")

    def _mailing(self, store: Redis) -> Mailing | None:
        config = self._config
        if not (config.smtp_url and config.mail_from and config.mail_to):
            return None
        envelope = Envelope(config.mail_from, config.mail_to, config.control_id)
        try:
            return Mailing(store, self._control, Post(config.smtp_url), envelope, config.digest_hour)
        except ValueError as fault:
            log.error("no mail is sent: %s", fault)  # noqa: TRY400 a setting, no bug
            return None

    def _survey(self, store: Redis, now: int) -> None:
        """Once a day (UTC), while the clock is live: imported history alarms nobody."""
        date = time.strftime("%Y-%m-%d", time.gmtime(now / 1000))
        if self._surveyed == date or _last_survey(store) == date:
            return
        stream = load(store)
        if stream is None or not stream.live:
            return
        from stream_processors.survey import survey  # noqa: PLC0415 - compiled code, wanted once a day

        found = survey(store, stream, self._config.inactivity_days, self._config.horizon_days)
        steps = segment_steps(found.rates, segment_alerts(store), now)
        told = Done(id=SURVEY, at=now, body={"date": date, "top_tenth": found.top, "users": found.users})
        self._control.write([*steps, told])  # the date last: a crash surveys again, and knows what stands
        self._surveyed = date


def segment_steps(rates: dict[tuple[str, str], Rate], alerts: list[AlertState], now: int) -> list[Step]:
    """Steps of alerts about segments: each episode is raised once, and resolved when it is over.

    Args:
        alerts: all about segments.
        now: ms, wall clock.
    """
    stands = {
        (state.raised["dimension"], state.raised["segment"]): state.id
        for state in alerts
        if not any(one.id == f"{state.id}.resolved" for one in state.steps)
    }
    begun, over = begun_and_over(rates, stands)
    steps = [step(stands[segment], "", "resolved", now) for segment in over]
    for segment in begun:
        id_ = segment_alert_id(*segment, now)
        steps.append(step(id_, "", "raised", now, body={"id": id_} | body(segment, rates[segment], now)))
    return steps


def segment_alerts(store: Redis) -> list[AlertState]:
    """All alerts about segments."""
    fields = cast("list[bytes]", cast(Any, store.hkeys(tables.of_user(""))))
    ids = [name.removeprefix(_ALERT).decode() for name in fields if name.startswith(_ALERT)]
    return [state for state in load_alerts(store, ids).values() if state.raised.get("kind") == KIND]


def _last_survey(store: Redis) -> str:
    stored = cast("bytes | None", cast(Any, store.hget(tables.DONE, SURVEY)))
    return "" if stored is None else str(msgspec.json.decode(stored, type=Done).body["date"])
