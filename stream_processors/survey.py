"""Once a day over all users: churn rates of segments, and from which spend on a customer is in the top tenth."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from redis import Redis

from domain.churn_rate import ALL, MOST_DAYS, Counts, Rate, Segment, counted, rate
from domain.features import features
from domain.money import expected_spend
from domain.packing import unpack
from domain.state import States
from domain.timers import at_risk_many
from feature_store import lookup
from feature_store.served import facts
from feature_store.stream import Stream
from online_model.quality.intervals import wilson

_AT_ONCE: Final = 1000
_TOP: Final = 0.9


class Survey(NamedTuple):
    """What it found."""

    users: int
    top: float | None
    """Expected spend of the top tenth of the users at risk; None if nobody spends."""
    rates: dict[tuple[str, str], Rate]
    """By dimension and name; none if silence reaches beyond what records hold."""


def survey(store: Redis, stream: Stream, inactivity_days: int, horizon_days: float) -> Survey:
    """Reads all users of all partitions, each partition as of its clock.

    Who is written meanwhile may be counted twice, as Redis' scan may name somebody twice.
    """
    sums: dict[Segment, Counts] = {}
    spends: list[npt.NDArray[np.float64]] = []
    names: dict[int, str] = {}
    users = 0
    for partition, position in lookup.positions(store, stream).items():
        names |= lookup.names(store, stream, partition)
        for states in _everybody(store, stream.keys(partition).users):
            users += len(states)
            spends.append(_spends(states, position.clock, horizon_days))
            if inactivity_days > MOST_DAYS:
                continue
            for segment, counts in counted(states, position.clock, inactivity_days).items():
                sums[segment] = sums[segment] + counts if segment in sums else counts
    rates = {
        (dimension, "" if (dimension, code) == ALL else names.get(code, f"#{code}")): rate(counts, wilson)
        for (dimension, code), counts in sums.items()
    }
    return Survey(users, top_tenth(np.concatenate(spends) if spends else np.zeros(0)), rates)


def top_tenth(spends: npt.NDArray[np.float64]) -> float | None:
    """From which spend on a user is in the top tenth; where fewer than a tenth spend, that of the least of them."""
    spending = spends[spends > 0]
    if not len(spending):
        return None
    return float(max(np.quantile(spends, _TOP), spending.min()))


def _everybody(store: Redis, key: str) -> Iterator[States]:
    cursor = 0
    while True:
        answer: Any = store.hscan(key, cursor, count=_AT_ONCE)
        cursor, found = cast("tuple[int, dict[bytes, bytes]]", answer)
        if found:
            yield unpack(facts(list(found.values())))
        if not cursor:
            return


def _spends(states: States, clock: int, horizon_days: float) -> npt.NDArray[np.float64]:
    slots = np.flatnonzero(at_risk_many(states, np.arange(len(states))))
    if not len(slots):
        return np.zeros(0)
    nows = np.maximum(states["last_ms"][slots], clock)
    return expected_spend(features(states, slots, nows), horizon_days)
