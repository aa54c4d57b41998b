"""Rows of the result tables, from groups, members and what became of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
from ibis.expr.types import Table
from sklearn.decomposition import PCA

from batch_jobs.segments.clustering import ALGORITHMS, Clusters, Labels, likeliest, nearest
from batch_jobs.segments.features import NAMES
from batch_jobs.segments.finding import Found
from batch_jobs.segments.scale import Matrix
from online_model.quality.intervals import wilson

Rows = list[dict[str, Any]]
_MOST_POINTS: Final = 2_000


def segments(members: Table) -> Rows:
    """Sizes and money."""
    table = members.group_by("segment").aggregate(
        users=members.count(),
        active=members.active.cast("int64").sum(),
        revenue=(members.revenue * 100).round().cast("int64").sum(),
    )
    rows: Rows = table.order_by("segment").to_pyarrow().to_pylist()
    total = sum(row["users"] for row in rows)
    return [{**row, "share": row["users"] / total} for row in rows]


def centres(groups: Found, members: Table) -> Rows:
    """Groups by algorithm, id and feature."""
    rows: Rows = []
    for algorithm in ALGORITHMS:
        sizes, natural = _sizes(members, algorithm), groups.natural(algorithm)
        scaled, names = groups.clusters[algorithm].centres, groups.names if algorithm == groups.served else {}
        for group, place in sorted(zip(groups.ids[algorithm], range(len(natural)), strict=True)):
            rows += [
                {
                    "algorithm": algorithm,
                    "group": group,
                    "segment": names.get(group),
                    "users": sizes.get(group, 0),
                    "feature": feature,
                    "centre": float(natural[place, f]),
                    "scaled": float(scaled[place, f]),
                }
                for f, feature in enumerate(NAMES)
            ]
    return rows


def scores(groups: Found, sample: int) -> Rows:
    """Numbers of groups by algorithm."""
    return [
        {**score._asdict(), "sample": sample, "served": algorithm == groups.served}
        for algorithm in ALGORITHMS
        for score in groups.clusters[algorithm].scores
    ]


def picture(groups: Found, z: Matrix, most: int = _MOST_POINTS) -> tuple[Rows, Rows]:
    """Points and axes by principal components (Pearson 1901; Hotelling 1933), of the scaled sample.

    The sign of an axis is such that its heaviest loading is positive. Nothing where all users are alike.

    Args:
        z: shape (n, features).
        most: points that are told, the first of `z`.
    """
    if len(z) < 2 or not np.ptp(z, axis=0).any():
        return [], []
    pca = PCA(2, svd_solver="full").fit(z)
    heaviest = np.abs(pca.components_).argmax(axis=1)
    axes = pca.components_ * np.sign(pca.components_[[0, 1], heaviest])[:, None]
    served, ids = groups.clusters[groups.served], groups.ids[groups.served]
    some = z[:most]
    users = [
        ("user", ids[place], row) for place, row in zip(_places(some, served).tolist(), some, strict=True)
    ]
    middles = [("centre", group, row) for group, row in zip(ids, served.centres, strict=True)]
    points: Rows = []
    for kind, group, row in [*users, *sorted(middles, key=lambda middle: middle[1])]:
        x, y = (axes @ (row - pca.mean_)).tolist()
        points.append({"kind": kind, "group": group, "segment": groups.names[group], "x": x, "y": y})
    loadings: Rows = [
        {"axis": axis, "explained": float(share), "feature": feature, "loading": float(loading)}
        for axis, share, row in zip("xy", pca.explained_variance_ratio_, axes, strict=True)
        for feature, loading in zip(NAMES, row, strict=True)
    ]
    return points, loadings


def next_period(outcomes: Table, since: date, until: date) -> Rows:
    """Rates and their intervals, of what `outcomes_since` has counted by segment."""
    rows: Rows = []
    for row in outcomes.order_by("group").to_pyarrow().to_pylist():
        known, lost = row["known"], row["lost"]
        low, high = wilson(lost, known)
        rows.append(
            {
                **row,
                "since": since,
                "until": until,
                "segment": row["group"],
                "churn": lost / known if known else None,
                "low": low if known else None,
                "high": high if known else None,
                "revenue_a_user": row["revenue"] / row["users"],
            }
        )
    return rows


def movement(before: Table, after: Table, since: date, until: date) -> Rows:
    """Of members by `user` and `segment`, of the last run and of this one."""
    keys = ("from_segment", "to_segment")
    both = before.select("user", from_segment="segment").outer_join(
        after.select("user", to_segment="segment"), "user"
    )
    moved = both.select(*keys)
    counted: Rows = moved.group_by(*keys).aggregate(users=moved.count()).to_pyarrow().to_pylist()
    counted.sort(key=lambda row: tuple(row[key] or "" for key in keys))
    return [{"since": since, "until": until, **row} for row in counted]


def _places(rows: Matrix, clusters: Clusters) -> Labels:
    if clusters.gaussians is not None:
        return likeliest(rows, clusters.centres, clusters.gaussians)
    return nearest(rows, clusters.centres)


def _sizes(members: Table, column: str) -> Mapping[int, int]:
    counts = members.group_by(column).aggregate(users=members.count()).to_pyarrow()
    return dict(zip(counts[column].to_pylist(), counts["users"].to_pylist(), strict=True))
