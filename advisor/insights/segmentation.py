"""Kinds of customers of a file: the groups of the batch job `segments`, found by k-means and named by its rules.

What became of each kind is told of the customers as they were one inactivity limit before the end, in the groups of
today: who was active then and has not come since is lost.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from advisor.insights.habits import Habits, habits
from batch_jobs.segments.clustering import nearest
from batch_jobs.segments.features import NAMES
from batch_jobs.segments.finding import Found, found
from batch_jobs.segments.report import picture
from batch_jobs.segments.scale import logs_of
from domain.calendar import DAY_MS
from domain.hashing import hashes_of
from domain.settings import FactSettings
from online_model.quality.intervals import wilson

SAMPLE: Final = 20_000
"""Customers on whom groups are fitted: those of the least hashes."""
_JUDGED: Final = 2_000
"""Of them, on whom the number of groups is chosen: the cost of a silhouette grows with the square of it."""
_KS: Final = range(3, 9)
_POINTS: Final = 1_000
_TOGETHER: Final = 50_000
"""Customers that are compared with the centres at once."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A segment, and what became of it."""

    segment: str
    customers: int
    share: float
    """Of all customers."""
    active: int
    """Within the inactivity limit before the end."""
    revenue: float
    """Of the last 90 days, each customer's at least 0."""
    then: int
    """Customers who were of this kind one inactivity limit ago."""
    known: int
    """Of those, who was active and so could be lost."""
    lost: int
    """Of those, who has not come since."""
    churn: float | None
    low: float | None
    high: float | None
    """95 % limits (Wilson 1927); None where nobody could be lost."""


class Centre(msgspec.Struct, frozen=True, kw_only=True):
    """What is typical of one group; groups of the same name are one segment."""

    group: int
    segment: str
    customers: int
    features: dict[str, float]
    """Natural units, by name (`batch_jobs.segments.features`)."""


class Place(msgspec.Struct, frozen=True):
    """On the map: a customer of the sample, or the centre of a group."""

    kind: str
    segment: str
    x: float
    y: float


class Loading(msgspec.Struct, frozen=True):
    """How much a feature counts on an axis of the map."""

    axis: str
    explained: float
    """Share of the variance on the axis."""
    feature: str
    loading: float


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Customers by where they were one inactivity limit ago and where they are; who had not come yet was nowhere."""

    before: str | None
    now: str
    customers: int


class Segmentation(msgspec.Struct, frozen=True, kw_only=True):
    """Of all customers of a file."""

    segments: list[Kind]
    """The largest first."""
    centres: list[Centre]
    points: list[Place]
    axes: list[Loading]
    movement: list[Moved]


def segmentation(
    events: Path, facts: FactSettings, last_ms: int, seed: int
) -> tuple[Segmentation, dict[str, str]]:
    """Of everybody, as of the midnight after the last event.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
        seed: of the starts of k-means.

    Returns:
        What is told of the kinds, and the segment of each customer.
    """
    until, limit = last_ms // DAY_MS + 1, facts.inactivity_ms // DAY_MS
    now, then = habits(events, facts, until), habits(events, facts, until - limit)
    order = np.argsort(np.asarray(hashes_of(now.users)), kind="stable")[:SAMPLE]
    groups = found(now.features[order], _JUDGED, _KS, seed, "k_means", limit, None, ("k_means",))
    places, before = _places(groups, now), _places(groups, then)
    names = [groups.names[group] for group in groups.ids["k_means"]]
    kinds, were = ([names[place] for place in told] for told in (places, before))
    points, axes = picture(groups, groups.scale.scaled(logs_of(now.features[order])), _POINTS)
    return Segmentation(
        segments=_kinds(kinds, now, were, then),
        centres=_centres(groups, names, places),
        points=[Place(row["kind"], row["segment"], row["x"], row["y"]) for row in points],
        axes=[msgspec.convert(row, Loading) for row in axes],
        movement=_movement(kinds, now, were, then),
    ), dict(zip(now.users, kinds, strict=True))


def _places(groups: Found, told: Habits) -> list[int]:
    """Group of each customer, as its place among the centres."""
    centres, places = groups.clusters["k_means"].centres, list[int]()
    for some in np.array_split(told.features, len(told.users) // _TOGETHER + 1):
        places += nearest(groups.scale.scaled(logs_of(some)), centres).tolist()
    return places


def _kinds(kinds: Sequence[str], now: Habits, were: Sequence[str], then: Habits) -> list[Kind]:
    of, before = np.asarray(kinds, object), np.asarray(were, object)
    revenue = now.features[:, NAMES.index("revenue")]
    rows = []
    for name in {*kinds, *were}:
        own, former = of == name, before == name
        known = int(then.active[former].sum())
        lost = int((then.active[former] & ~then.came[former]).sum())
        low, high = wilson(lost, known)
        rows.append(
            Kind(
                segment=name, customers=int(own.sum()), share=float(own.mean()), active=int(now.active[own].sum()),
                revenue=float(revenue[own].sum()), then=int(former.sum()), known=known, lost=lost,
                churn=lost / known if known else None, low=low if known else None, high=high if known else None,
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (-row.customers, row.segment))


def _centres(groups: Found, names: Sequence[str], places: Sequence[int]) -> list[Centre]:
    sizes = Counter(places)
    natural = groups.natural("k_means").tolist()
    return [
        Centre(group=group, segment=name, customers=sizes[place], features=dict(zip(NAMES, row, strict=True)))
        for place, (group, name, row) in enumerate(zip(groups.ids["k_means"], names, natural, strict=True))
    ]


def _movement(kinds: Sequence[str], now: Habits, were: Sequence[str], then: Habits) -> list[Moved]:
    before = dict(zip(then.users, were, strict=True))
    counts = Counter((before.get(user), kind) for user, kind in zip(now.users, kinds, strict=True))
    return [
        Moved(before=here, now=there, customers=count)
        for (here, there), count in sorted(counts.items(), key=lambda item: (item[0][0] or "", item[0][1]))
    ]
