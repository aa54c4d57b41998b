"""Made-up topics: users with features, snapshots and outcomes, in blocks as several partitions send them."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.catalogue import INDEX
from domain.labels import FEATURES, INACTIVE, RETURNED, Outcomes, Snapshots
from online_model.training.merge import HOUR_MS

DAY_MS = 24 * HOUR_MS
BEGIN_MS = 19_000 * DAY_MS
LINEAGE = "00000000000000aa"

Topics = dict[str, list[Snapshots | Outcomes]]


class History(NamedTuple):
    """All items of one lineage, in the order of (time, user)."""

    users: list[str]
    times: npt.NDArray[np.int64]
    features: npt.NDArray[np.float64]
    lost: npt.NDArray[np.bool_]
    treated: npt.NDArray[np.int64]
    end_ms: int
    delay_ms: int


def history(
    seed: int, users: int = 60, days: int = 60, delay_days: int = 10, every_days: float = 7.0
) -> History:
    """Weekly snapshots of users, of whom the silent ones are lost more often."""
    rng = np.random.default_rng(seed)
    names, times = [], []
    for number in range(users):
        at = BEGIN_MS + int(rng.integers(0, int(every_days * DAY_MS)))
        while at < BEGIN_MS + days * DAY_MS:
            names.append(f"u{number}")
            times.append(at)
            at += int(every_days * DAY_MS)
    order = sorted(range(len(names)), key=lambda i: (times[i], names[i]))
    names, stamps = [names[i] for i in order], np.array(times, np.int64)[order]
    features = np.zeros((len(names), FEATURES))
    silence = rng.exponential(5.0, len(names))
    features[:, INDEX["days_since_last_session"]] = silence
    features[:, INDEX["sessions_total"]] = rng.integers(1, 30, len(names))
    features[:, INDEX["gap_mean_days"]] = rng.exponential(3.0, len(names))
    features[:, INDEX["sessions_30d"]] = rng.poisson(4.0, len(names))
    features[:, INDEX["tenure_days"]] = rng.uniform(1, 300, len(names))
    features[:, INDEX["plan"]] = rng.integers(0, 4, len(names))
    features[rng.random(features.shape) < 0.02] = np.nan
    lost = rng.random(len(names)) < 1 / (1 + np.exp(2 - silence / 3))
    treated = np.where(rng.random(len(names)) < 0.1, rng.integers(1, 5 * 86_400, len(names)), 0)
    return History(
        names,
        stamps,
        features,
        lost,
        treated,
        BEGIN_MS + (days + delay_days + 1) * DAY_MS,
        delay_days * DAY_MS,
    )


def blocks(h: History, partitions: int, rng: np.random.Generator, most: int = 40) -> Topics:
    """The history's items as blocks, cut and mixed at random, with repeats; each partition's are in order."""
    sources: Any = {"snapshots": [], "outcomes": []}
    home = np.array([hash_free(user) % partitions for user in h.users])
    for partition in range(partitions):
        rows = np.flatnonzero(home == partition)
        for topic, delay in (("snapshots", 0), ("outcomes", h.delay_ms)):
            sources[topic].append(_source(h, topic, partition, rows, delay, rng, most))
    return {topic: _mixed(parts, rng) for topic, parts in sources.items()}


def hash_free(user: str) -> int:
    """The same partition in every process."""
    return int(user[1:])


def _source(
    h: History, topic: str, partition: int, rows: Any, delay: int, rng: np.random.Generator, most: int
) -> list[Snapshots | Outcomes]:
    found: list[Snapshots | Outcomes] = []
    at = 0
    while at < len(rows):
        some = rows[at : at + int(rng.integers(1, most))]
        keys = h.times[some] + delay
        repeat = rng.random() < 0.2
        upto = int(h.times[some[-1]]) + delay
        # another item of the same time may follow: then only the ms before is promised
        found.append(_block(h, topic, partition, upto - 1, some))
        if repeat:
            found.append(_block(h, topic, partition, int(keys[0]) - 1, some))
        at += len(some)
        if at < len(rows) and rng.random() < 0.5:
            following = int(h.times[rows[at]]) + delay
            found.append(
                _block(
                    h,
                    topic,
                    partition,
                    int(rng.integers(upto, following)) if following > upto else upto - 1,
                    rows[:0],
                )
            )
    found.append(_block(h, topic, partition, h.end_ms, rows[:0]))
    return found


def _block(h: History, topic: str, partition: int, upto: int, rows: Any) -> Snapshots | Outcomes:
    users = [h.users[i] for i in rows]
    if topic == "snapshots":
        return Snapshots(
            lineage=LINEAGE, partition=partition, upto=upto, users=users, times=h.times[rows],
            features=h.features[rows], treated=np.zeros(len(rows), np.int64),
            holdout=np.zeros(len(rows), np.bool_),
        )  # fmt: skip
    lost = h.lost[rows]
    return Outcomes(
        lineage=LINEAGE, partition=partition, upto=upto, users=users, times=h.times[rows], lost=lost,
        causes=np.where(lost, INACTIVE, RETURNED).astype(np.uint8), returned=(~lost).astype(np.int64) * 60,
        cancelled=np.zeros(len(rows), np.int64), treated=h.treated[rows],
    )  # fmt: skip


def _mixed(sources: list[list[Snapshots | Outcomes]], rng: np.random.Generator) -> list[Snapshots | Outcomes]:
    turns = np.concatenate([np.full(len(blocks), n) for n, blocks in enumerate(sources)])
    rng.shuffle(turns)
    queues = [iter(blocks) for blocks in sources]
    return [next(queues[n]) for n in turns.tolist()]
