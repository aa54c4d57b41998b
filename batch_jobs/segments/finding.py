"""The groups of a run: fitted on the sample, matched with those of the last run, and named."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batch_jobs.segments.clustering import ALGORITHMS, Algorithm, Clusters, fitted
from batch_jobs.segments.features import NAMES
from batch_jobs.segments.groups import Group, Grouping, Groups
from batch_jobs.segments.matching import matched
from batch_jobs.segments.names import Name, named
from batch_jobs.segments.scale import Matrix, Scale, logs_of, natural_of, scale_of


class Found(NamedTuple):
    """Groups of this run."""

    scale: Scale
    clusters: dict[Algorithm, Clusters]
    ids: dict[Algorithm, list[int]]
    """In the order of the clusters."""
    next_ids: dict[Algorithm, int]
    served: Algorithm
    names: dict[int, Name]
    """Segment of each group of the algorithm that serves, by id."""

    def natural(self, algorithm: Algorithm) -> Matrix:
        """Centres in natural units, shape (k, features)."""
        return natural_of(self.scale.unscaled(self.clusters[algorithm].centres))


def found(
    sample: Matrix,
    judged: int,
    ks: Sequence[int],
    seed: int,
    served: Algorithm,
    inactivity_days: float,
    last: Groups | None,
    algorithms: Sequence[Algorithm] = ALGORITHMS,
) -> Found:
    """Groups of a sample by each algorithm.

    Args:
        sample: natural units, shape (n, features), at least one row.
        judged: how many of its first rows silhouettes are measured on.
        last: what the last run has found; None where there was none.
        algorithms: `served` among them.
    """
    logs = logs_of(sample)
    scale = scale_of(logs)
    z = scale.scaled(logs)
    clusters: dict[Algorithm, Clusters] = {}
    ids: dict[Algorithm, list[int]] = {}
    next_ids: dict[Algorithm, int] = {}
    for algorithm in algorithms:
        before = last.by_algorithm.get(algorithm) if last else None
        known = before.groups if before else []
        clusters[algorithm] = fitted(algorithm, z, z[:judged], ks, seed, len(known) or None)
        there = {group.id: scale.scaled(np.array(group.centre)) for group in known}
        ids[algorithm], next_ids[algorithm] = matched(
            clusters[algorithm].centres, there, before.next_id if before else 1
        )
    had = {g.id: g.name for g in last.by_algorithm[served].groups} if last and last.served == served else {}
    names = named(
        [_centre(row) for row in natural_of(scale.unscaled(clusters[served].centres))],
        _centre(natural_of(logs[_active(sample)].mean(axis=0))),
        inactivity_days,
        [had.get(group) for group in ids[served]],
    )
    return Found(scale, clusters, ids, next_ids, served, dict(zip(ids[served], names, strict=True)))


def by_algorithm(groups: Found) -> dict[str, Grouping]:
    """What the next run has to know of them."""
    kept: dict[str, Grouping] = {}
    for algorithm, clusters in groups.clusters.items():
        logs = groups.scale.unscaled(clusters.centres).tolist()
        names = groups.names if algorithm == groups.served else {}
        kept[algorithm] = Grouping(
            [Group(i, names.get(i, ""), row) for i, row in zip(groups.ids[algorithm], logs, strict=True)],
            groups.next_ids[algorithm],
        )
    return kept


def _active(sample: Matrix) -> npt.NDArray[np.bool_]:
    """Who was active in the window; all where nobody was."""
    active = sample[:, NAMES.index("active_days")] > 0
    return active if active.any() else ~active


def _centre(row: Matrix) -> dict[str, float]:
    return dict(zip(NAMES, row.tolist(), strict=True))
