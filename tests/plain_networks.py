"""Gradients and losses of linear networks, written out as plain loops over dense matrices."""

from functools import reduce
from itertools import pairwise

import numpy as np

from linmod import (
    Dataset,
)


def random_data(seed=0):
    generator = np.random.default_rng(seed)
    return Dataset(
        generator.standard_normal((5, 9)),
        generator.standard_normal((3, 9)),
        input_blocks={"a": slice(0, 2), "b": slice(2, 5)},
        output_blocks={"c": slice(0, 1), "d": slice(1, 3)},
    )


def chain(matrices, size):
    return reduce(lambda total, matrix: matrix @ total, matrices, np.eye(size))


def gradient(X, Y, weights):
    """Gradient of the loss by the chain rule on covariances."""
    n = X.shape[1]
    residual = chain(weights, len(X)) @ (X @ X.T / n) - Y @ X.T / n
    parts = []
    for layer, matrix in enumerate(weights):
        above = chain(weights[layer + 1 :], matrix.shape[0])
        below = chain(weights[:layer], len(X))
        parts.append(above.T @ residual @ below.T)
    return parts


def loss(X, Y, weights):
    W = chain(weights, len(X))
    return sum(0.5 * np.dot(y - W @ x, y - W @ x) for x, y in zip(X.T, Y.T, strict=True)) / X.shape[1]


def flat(weights):
    return np.concatenate([matrix.ravel() for matrix in weights])


def unflat(vector, like):
    stops = np.cumsum([0, *(matrix.size for matrix in like)])
    return [vector[i:j].reshape(matrix.shape) for (i, j), matrix in zip(pairwise(stops), like, strict=True)]
