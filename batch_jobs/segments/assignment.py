"""Every user into a group, by the engine: what was fitted on the sample as arithmetic on columns.

Each step is a projection of its own, so that nothing is computed twice.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add

import ibis
from ibis.expr.types import IntegerColumn, NumericValue, Table

from batch_jobs.segments.clustering import Clusters, Gaussians
from batch_jobs.segments.scale import Matrix, Scale, scaled_columns


def assigned(users: Table, scale: Scale, found: Sequence[tuple[Clusters, Sequence[int]]]) -> Table:
    """The same rows with the id of a group for each algorithm, in a column of its name.

    Args:
        users: with the features, natural units.
        found: groups of each algorithm and their ids, in the same order.
    """
    kept = users.columns
    scaled = users.mutate(**scaled_columns(users, scale))
    costs: dict[str, NumericValue] = {}
    for clusters, ids in found:
        if clusters.gaussians is None:
            costs |= _distances(scaled, clusters.centres, clusters.algorithm)
        else:
            scaled, unlikely = _unlikeliness(scaled, clusters.centres, clusters.gaussians, clusters.algorithm)
            costs |= unlikely
        assert len(ids) == len(clusters.centres)
    table = scaled.mutate(**costs)
    return table.select(
        *kept, **{clusters.algorithm: _least(table, clusters.algorithm, ids) for clusters, ids in found}
    )


def _distances(table: Table, centres: Matrix, prefix: str) -> dict[str, NumericValue]:
    """Squared distance to each centre, less |z|², which is the same for all."""
    columns: dict[str, NumericValue] = {}
    for group, centre in enumerate(centres.tolist()):
        parts = [table[f"z{f}"] * (-2.0 * c) for f, c in enumerate(centre)]
        columns[f"{prefix}_{group}"] = reduce(add, parts) + float(sum(c * c for c in centre))
    return columns


def _unlikeliness(
    table: Table, centres: Matrix, gaussians: Gaussians, prefix: str
) -> tuple[Table, dict[str, NumericValue]]:
    """−ln density of each part, and the table with what that needs."""
    features = centres.shape[1]
    steps: dict[str, NumericValue] = {}
    for group, (centre, root) in enumerate(zip(centres, gaussians.roots, strict=True)):
        shift = (centre @ root).tolist()
        for g in range(features):
            parts = [
                table[f"z{f}"] * float(root[f, g]) for f in range(g + 1)
            ]  # the factor is upper triangular
            steps[f"y{group}_{g}"] = reduce(add, parts) - shift[g]
    stepped = table.mutate(**steps)
    costs = {}
    for group, offset in enumerate(gaussians.offsets.tolist()):
        squares = [stepped[f"y{group}_{g}"] * stepped[f"y{group}_{g}"] for g in range(features)]
        costs[f"{prefix}_{group}"] = reduce(add, squares) * 0.5 - offset
    return stepped, costs


def _least(table: Table, prefix: str, ids: Sequence[int]) -> IntegerColumn:
    """Id of the group of the least cost, the first of equals."""
    costs = [table[f"{prefix}_{group}"] for group in range(len(ids))]
    if len(ids) == 1:
        return ibis.literal(ids[0], "int64")
    least = ibis.least(*costs)
    return ibis.cases(
        *((cost == least, ibis.literal(group, "int64")) for cost, group in zip(costs, ids, strict=True))
    )
