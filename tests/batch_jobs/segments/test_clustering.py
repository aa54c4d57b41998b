"""Fits against scikit-learn and SciPy, and the engine's assignment against NumPy."""

import ibis
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import multivariate_normal

from batch_jobs.segments.assignment import assigned
from batch_jobs.segments.clustering import ALGORITHMS, STAYS, Algorithm, fitted, likeliest, nearest
from batch_jobs.segments.features import NAMES
from batch_jobs.segments.scale import Matrix, Scale, logs_of, natural_of, scale_of


def blobs(seed: int, middles: int = 4, each: int = 60) -> Matrix:
    """Groups far apart in natural units, counts above 0."""
    chance = np.random.default_rng(seed)
    centres = np.linspace(1.0, 6.0, middles)[:, None] * chance.uniform(0.7, 1.3, (middles, len(NAMES)))
    logs = np.repeat(centres, each, axis=0) + chance.normal(0, 0.08, (middles * each, len(NAMES)))
    return natural_of(chance.permutation(logs))


def scaled(natural: Matrix) -> tuple[Scale, Matrix]:
    logs = logs_of(natural)
    scale = scale_of(logs)
    return scale, scale.scaled(logs)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_groups_that_are_there_are_found(algorithm: Algorithm) -> None:
    _, z = scaled(blobs(1))
    found = fitted(algorithm, z, z, range(2, 8), seed=0)
    assert len(found.centres) == 4
    assert [score.k for score in found.scores] == [2, 3, 4, 5, 6, 7]
    assert [score.k for score in found.scores if score.chosen] == [4]
    again = fitted(algorithm, z, z, range(2, 8), seed=0)
    assert found.centres.tobytes() == again.centres.tobytes()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_number_of_groups_of_the_last_run_stays_unless_another_is_clearly_better(
    algorithm: Algorithm,
) -> None:
    _, z = scaled(np.random.default_rng(3).uniform(1, 30, (300, len(NAMES))))  # nothing to find
    free = fitted(algorithm, z, z, range(2, 7), seed=0)
    goodness = {s.k: s.silhouette if s.bic is None else -s.bic for s in free.scores}
    unit = abs(max(goodness.values())) if algorithm == "mixture" else 1.0
    for k, good in goodness.items():
        kept = fitted(algorithm, z, z, range(2, 7), seed=0, last_k=k)
        stays = max(goodness.values()) - good <= STAYS * unit
        assert len(kept.centres) == (k if stays else len(free.centres))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_or_equal_users_are_one_group(algorithm: Algorithm, rows: int) -> None:
    z = np.zeros((rows, len(NAMES)))
    found = fitted(algorithm, z, z, range(3, 9), seed=0)
    assert found.centres.shape == (1, len(NAMES))
    assert not found.scores


def test_densities_are_those_of_scipy() -> None:
    _, z = scaled(blobs(2))
    found = fitted("mixture", z, z, [3], seed=0)
    assert found.gaussians is not None
    weights = []
    for centre, root, offset in zip(
        found.centres, found.gaussians.roots, found.gaussians.offsets, strict=True
    ):
        y = (z - centre) @ root
        ours = offset - (y**2).sum(axis=1) / 2
        density = multivariate_normal(centre, np.linalg.inv(root @ root.T)).logpdf(z)
        weights.append(ours - density)
    assert np.ptp(np.array(weights), axis=1).max() < 1e-6  # a constant: the logarithm of the weight
    assert np.exp(np.array(weights)[:, 0]).sum() == pytest.approx(1)


def test_the_engine_assigns_as_numpy_does() -> None:
    natural = np.random.default_rng(4).uniform(0, 40, (500, len(NAMES)))  # many users are near a border
    natural[:, 6] = 0.0  # nobody pays: the column says nothing
    scale, z = scaled(natural)
    clusters = [fitted(algorithm, z, z, [4], seed=0) for algorithm in ALGORITHMS]
    ids = [7, 3, 12, 5]
    table = ibis.memtable(pa.table({name: natural[:, f] for f, name in enumerate(NAMES)}))
    found = assigned(table, scale, [(c, ids) for c in clusters]).to_pyarrow()
    for c in clusters:
        rows = nearest(z, c.centres) if c.gaussians is None else likeliest(z, c.centres, c.gaussians)
        assert found[c.algorithm].to_pylist() == [ids[place] for place in rows]
    assert found.column_names == [*NAMES, *ALGORITHMS]


def test_one_group_takes_all() -> None:
    natural = blobs(5)
    scale, z = scaled(natural)
    one = fitted("mixture", z, z, [], seed=0)
    table = ibis.memtable(pa.table({name: natural[:, f] for f, name in enumerate(NAMES)}))
    assert set(assigned(table, scale, [(one, [9])]).to_pyarrow()["mixture"].to_pylist()) == {9}


def test_scaling_there_and_back() -> None:
    natural = blobs(6)
    scale, z = scaled(natural)
    assert np.allclose(natural_of(scale.unscaled(z)), natural)
    assert np.allclose(z.mean(axis=0), 0)
    assert np.allclose(z.std(axis=0), 1)
