"""Three ways to group users, fitted on a sample, with the number of groups chosen on it.

- `k_means`: Lloyd 1982, "Least squares quantization in PCM"; started by k-means++ (Arthur and Vassilvitskii 2007).
- `mixture`: Gaussians with full covariances by expectation maximisation (Dempster, Laird and Rubin 1977).
- `hierarchical`: Ward 1963, "Hierarchical grouping to optimize an objective function"; a group is then what is
  nearest to its centre.

The number of groups has the best silhouette (Rousseeuw 1987), of the mixture the least BIC (Schwarz 1978).
"""

import warnings
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from batch_jobs.segments.scale import Matrix

Labels = npt.NDArray[np.int64]
Algorithm = Literal["k_means", "mixture", "hierarchical"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("k_means", "mixture", "hierarchical")
STAYS: Final = 0.02
"""Another number of groups than in the last run must have a silhouette better by so much, a BIC by such a share."""
_STARTS: Final = 5
_REGULAR: Final = 1e-3
"""Added to variances: a feature may hardly vary within a group."""


class Gaussians(NamedTuple):
    """Parts of a mixture, shapes (k, …): log p(z, part) = offset − ½ |(z − mean) · root|²."""

    offsets: Matrix
    """ln weight + ln det root − features / 2 · ln 2π, shape (k,)."""
    roots: Matrix
    """Cholesky factors of the precision matrices, upper triangular, shape (k, features, features)."""


class Score(NamedTuple):
    """How good a number of groups is."""

    algorithm: Algorithm
    k: int
    silhouette: float
    bic: float | None
    chosen: bool


class Clusters(NamedTuple):
    """Groups of one algorithm, the largest of the sample first."""

    algorithm: Algorithm
    centres: Matrix
    """Means, scaled, shape (k, features)."""
    gaussians: Gaussians | None
    scores: tuple[Score, ...]


def fitted(
    algorithm: Algorithm,
    sample: Matrix,
    judged: Matrix,
    ks: Sequence[int],
    seed: int,
    last_k: int | None = None,
) -> Clusters:
    """Groups of a sample; the same for the same arguments.

    Args:
        sample: scaled, shape (n, features), at least one row.
        judged: rows on which silhouettes are measured, and which the hierarchy is made of: its cost grows with the
            square of their number.
        ks: numbers of groups to try; those that the sample has fewer different rows for are left out. Without any,
            all users are one group.
        seed: of the starts.
        last_k: number of groups of the last run, which stays unless another is clearly better.
    """
    distinct = min(len(np.unique(rows, axis=0)) for rows in (sample, judged))
    ks = [k for k in ks if 2 <= k < distinct]
    if not ks:
        return Clusters(algorithm, sample.mean(axis=0, keepdims=True), _one_gaussian(sample, algorithm), ())
    with threadpool_limits(1):  # sums of several threads differ in their last bits from run to run
        return _ROUTES[algorithm](sample, judged, ks, seed, last_k)


def nearest(rows: Matrix, centres: Matrix) -> Labels:
    """Place of the nearest centre, the first of equals, shape (n,)."""
    return np.asarray(((rows[:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1))


def likeliest(rows: Matrix, centres: Matrix, gaussians: Gaussians) -> Labels:
    """Place of the part that most probably made each row, shape (n,)."""
    y = np.einsum("nkf,kfg->nkg", rows[:, None, :] - centres, gaussians.roots)
    return np.asarray((gaussians.offsets - (y**2).sum(axis=2) / 2).argmax(axis=1))


def _k_means(sample: Matrix, judged: Matrix, ks: Sequence[int], seed: int, last_k: int | None) -> Clusters:
    models = {k: KMeans(k, n_init=_STARTS, random_state=seed).fit(sample) for k in ks}
    silhouettes = {
        k: _silhouette(judged, nearest(judged, m.cluster_centers_), seed) for k, m in models.items()
    }
    chosen = _best(silhouettes, last_k)
    centres = models[chosen].cluster_centers_
    order = _largest_first(models[chosen].labels_, chosen)
    return Clusters("k_means", centres[order], None, _scores("k_means", silhouettes, {}, chosen))


def _mixture(sample: Matrix, judged: Matrix, ks: Sequence[int], seed: int, last_k: int | None) -> Clusters:
    models = {k: _gaussian_mixture(sample, k, seed) for k in ks}
    silhouettes = {k: _silhouette(judged, m.predict(judged), seed) for k, m in models.items()}
    bics = {k: float(m.bic(sample)) for k, m in models.items()}
    least = min(bics.values())
    chosen = _best({k: -(bic - least) / max(abs(least), 1.0) for k, bic in bics.items()}, last_k)
    model = models[chosen]
    order = _largest_first(model.predict(sample), chosen)
    return Clusters(
        "mixture",
        model.means_[order],
        _gaussians(model.weights_[order], model.precisions_cholesky_[order]),
        _scores("mixture", silhouettes, bics, chosen),
    )


def _hierarchical(
    sample: Matrix, judged: Matrix, ks: Sequence[int], seed: int, last_k: int | None
) -> Clusters:
    tree = linkage(judged, method="ward")
    cuts = {k: fcluster(tree, k, criterion="maxclust") - 1 for k in ks}
    silhouettes = {k: _silhouette(judged, cut, seed) for k, cut in cuts.items()}
    chosen = _best(silhouettes, last_k)
    found = np.unique(cuts[chosen])  # ties may leave fewer groups than asked for
    centres = np.array([judged[cuts[chosen] == group].mean(axis=0) for group in found])
    order = _largest_first(nearest(sample, centres), len(centres))
    return Clusters("hierarchical", centres[order], None, _scores("hierarchical", silhouettes, {}, chosen))


_ROUTES: Final = {"k_means": _k_means, "mixture": _mixture, "hierarchical": _hierarchical}


def _gaussian_mixture(sample: Matrix, k: int, seed: int) -> GaussianMixture:
    model = GaussianMixture(k, reg_covar=_REGULAR, max_iter=60, n_init=1, random_state=seed)
    with warnings.catch_warnings():
        # after so many rounds the groups hardly move, and the best of them are compared by BIC anyway
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(sample)


def _gaussians(weights: Matrix, roots: Matrix) -> Gaussians:
    features = roots.shape[1]
    dets = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return Gaussians(np.log(weights) + dets - features / 2 * np.log(2 * np.pi), roots)


def _one_gaussian(sample: Matrix, algorithm: Algorithm) -> Gaussians | None:
    if algorithm != "mixture":
        return None
    return _gaussians(np.ones(1), np.diag(1 / np.sqrt(sample.var(axis=0) + _REGULAR))[None])


def _silhouette(rows: Matrix, labels: Labels, seed: int) -> float:
    if len(np.unique(labels)) < 2:
        return -1.0
    return float(silhouette_score(rows, labels, random_state=seed))


def _best(goodness: dict[int, float], last_k: int | None) -> int:
    """The best k, the fewest groups of equals; that of the last run unless it is clearly worse."""
    best = max(goodness, key=lambda k: (goodness[k], -k))
    if last_k in goodness and goodness[best] - goodness[last_k] <= STAYS:
        return last_k
    return best


def _largest_first(labels: Labels, k: int) -> Labels:
    return np.argsort(-np.bincount(labels, minlength=k), kind="stable")


def _scores(
    algorithm: Algorithm, silhouettes: dict[int, float], bics: dict[int, float], chosen: int
) -> tuple[Score, ...]:
    return tuple(Score(algorithm, k, s, bics.get(k), k == chosen) for k, s in sorted(silhouettes.items()))
