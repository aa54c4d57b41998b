"""Margins of models that are sums over their columns, or layers of such sums: the higher, the likelier lost.

Loops go over the columns first, so that compilers turn the inner ones into vector instructions, and each sum keeps
one order: a row has the same bits alone and in a batch.
"""

import math
from typing import ClassVar, Final, Protocol

import numpy as np

from online_model.learners.learner import Arrays, Matrix, Vector
from online_model.refitted.compiled import compiled


class Margins(Protocol):
    """A fitted model behind its encoding."""

    form: ClassVar[str]

    def __call__(self, z: Matrix) -> Vector:
        """Margins of rows of columns, shape (n,); log-odds for all but `Landmarks`."""

    def to_arrays(self) -> Arrays:
        """All that its constructor needs."""


class Linear:
    """Log-odds of a logistic regression."""

    form: ClassVar[str] = "linear"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: `weights`, shape (columns,), and `intercept`.
        """
        self._arrays = arrays
        self.weights: Final = arrays["weights"]
        self.intercept: Final = float(arrays["intercept"])

    def __call__(self, z: Matrix) -> Vector:
        """See `Margins`."""
        out = np.empty(len(z))
        _linear(z, self.weights, self.intercept, out)
        return out

    def to_arrays(self) -> Arrays:
        """See `Margins`."""
        return self._arrays


class Landmarks:
    """Distance from the border of a support vector machine, its Gaussian kernel spanned by some landmarks.

    Williams and Seeger 2001, "Using the Nyström method to speed up kernel machines", NIPS. What normalises the kernel
    is multiplied into the weights beforehand.
    """

    form: ClassVar[str] = "landmarks"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: `landmarks`, shape (columns, m), `weights`, shape (m,), `gamma`, `intercept`.
        """
        self._arrays = arrays
        self._terms = (
            np.ascontiguousarray(arrays["landmarks"]), arrays["weights"], float(arrays["gamma"]),
            float(arrays["intercept"]),
        )  # fmt: skip

    def __call__(self, z: Matrix) -> Vector:
        """See `Margins`."""
        out = np.empty(len(z))
        _landmarks(z, *self._terms, np.empty(len(self._terms[1])), out)
        return out

    def to_arrays(self) -> Arrays:
        """See `Margins`."""
        return self._arrays


class Layers:
    """Log-odds of a network with two hidden layers of rectified units and one output."""

    form: ClassVar[str] = "layers"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: `weights0` to `weights2`, shapes (columns, a), (a, b), (b, 1), and `biases0` to `biases2`.
        """
        self._arrays = arrays
        self._weights = [np.ascontiguousarray(arrays[f"weights{layer}"]) for layer in range(3)]
        self._biases = [np.ascontiguousarray(arrays[f"biases{layer}"]) for layer in range(3)]

    def __call__(self, z: Matrix) -> Vector:
        """See `Margins`."""
        for layer, (weights, biases) in enumerate(zip(self._weights, self._biases, strict=True)):
            out = np.empty((len(z), len(biases)))
            _layer(z, weights, biases, layer < len(self._weights) - 1, out)
            z = out
        return z[:, 0]

    def to_arrays(self) -> Arrays:
        """See `Margins`."""
        return self._arrays


@compiled
def _linear(z, weights, intercept, out):  # type: ignore[no-untyped-def]
    for i in range(z.shape[0]):
        total = intercept
        for k in range(weights.shape[0]):
            total += weights[k] * z[i, k]
        out[i] = total


@compiled
def _landmarks(z, landmarks, weights, gamma, intercept, far, out):  # type: ignore[no-untyped-def]
    for i in range(z.shape[0]):
        far[:] = 0.0
        for k in range(landmarks.shape[0]):
            for m in range(landmarks.shape[1]):
                d = z[i, k] - landmarks[k, m]
                far[m] += d * d
        total = intercept
        for m in range(weights.shape[0]):
            total += weights[m] * math.exp(-gamma * far[m])
        out[i] = total


@compiled
def _layer(z, weights, biases, rectified, out):  # type: ignore[no-untyped-def]
    for i in range(z.shape[0]):
        for u in range(biases.shape[0]):
            out[i, u] = biases[u]
        for k in range(weights.shape[0]):
            for u in range(biases.shape[0]):
                out[i, u] += z[i, k] * weights[k, u]
        if rectified:
            for u in range(biases.shape[0]):
                out[i, u] = max(out[i, u], 0.0)
