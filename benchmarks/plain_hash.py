"""The plain way to keep features in Redis: a hash for each user, features by name.

It does less: no windows that move on with time, no duplicate check, no ranking, no timers.
"""

import math
from itertools import islice
from typing import Any, Final, cast

import numpy as np
from redis import Redis

from benchmarks.deployment import Deployment
from domain.catalogue import CATALOGUE
from domain.features import features
from domain.packing import unpack
from feature_store import lookup, stream
from feature_store.served import facts

_PREFIX: Final = "plain:"


def store_plainly(here: Deployment, most: int) -> dict[str, Any]:
    """Write the features of `most` users as hashes, measure, and remove them again.

    Twice: all features, and only those that are neither zero nor unknown, which a careful author might do.
    """
    served = stream.load(here.store)
    assert served is not None
    vectors: dict[str, dict[str, str]] = {}
    for partition in range(served.partitions):
        vectors |= _vectors(here.store, served, partition, most // served.partitions)
    everything = _bytes(here.store, vectors)
    sparse = {
        user: {name: value for name, value in named.items() if value not in ("0", "")}
        for user, named in vectors.items()
    }
    return {
        "users": len(vectors),
        "bytes_per_user": everything,
        "bytes_per_user_without_zeros": _bytes(here.store, sparse),
    }


def _vectors(store: Redis, served: stream.Stream, partition: int, most: int) -> dict[str, dict[str, str]]:
    """Features by name of users of a partition."""
    stored = dict(islice(store.hscan_iter(served.keys(partition).users, count=1000), most))
    states = unpack(facts(list(stored.values())))
    now = np.full(len(states), lookup.positions(store, served)[partition].clock, np.int64)
    values = features(states, np.arange(len(states)), now)
    names = [feature.name for feature in CATALOGUE]
    return {
        user.decode(): {name: _text(value) for name, value in zip(names, row, strict=True)}
        for user, row in zip(stored, values.tolist(), strict=True)
    }


def _text(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.10g}"


def _bytes(store: Redis, vectors: dict[str, dict[str, str]]) -> float:
    """Memory that the hashes take, per user."""
    before = _used(store)
    with store.pipeline(transaction=False) as pipe:
        for user, named in vectors.items():
            if named:
                pipe.hset(_PREFIX + user, mapping=cast(dict[Any, Any], named))
        pipe.execute()
    taken = _used(store) - before
    store.delete(*(_PREFIX + user for user in vectors))
    return round(taken / len(vectors), 1)


def _used(store: Redis) -> int:
    """Without the buffers of connections, which have just been large."""
    return int(store.info("memory")["used_memory_dataset"])
