"""Items rotated so that no more are left than there are features, and the principal axes of the inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from ..validation import FloatArray

BLOCK_ENTRIES, BLOCK_HEIGHTS = 2**16, 8
"""Items are taken in blocks of this many numbers, or of this many times as many items as features."""


def rotated(X: FloatArray, Y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rotate items so that as many are left as there are features; products of features over items stay.

    The first items span the inputs, and the inputs of all others are zero. The rotation is that of a QR decomposition
    of the items, taken in blocks, so that no more memory is needed for more items, and no digits are lost as in the
    correlations, whose condition is the square of that of the data.

    Parameters
    ----------
    X, Y : ndarray, shapes (input features, items) and (output features, items)

    Returns
    -------
    tuple of ndarray
        The same data if there are no more items than features.
    """
    n_inputs, n_features, n_items = len(X), len(X) + len(Y), X.shape[1]
    if n_items <= n_features:
        return X, Y
    height = max(BLOCK_HEIGHTS * n_features, BLOCK_ENTRIES // n_features)
    lower = np.empty((n_features, 0))
    for first in range(0, n_items, height):
        several = slice(first, first + height)
        items = np.concatenate([lower, np.concatenate([X[:, several], Y[:, several]])], axis=1)
        lower = cast(FloatArray, np.linalg.qr(items.T, mode="r")).T
    lower = np.ascontiguousarray(lower)
    return lower[:n_inputs], lower[n_inputs:]


@dataclass(frozen=True, eq=False)
class Axes:
    r"""Principal axes of the inputs: the singular vectors P of :math:`X = P s Q^\top`.

    Attributes
    ----------
    P : ndarray, shape (input features, axes)
        Orthonormal columns.
    items : ndarray, shape (axes, items)
        The inputs along the axes over the root of the number of items: :math:`s Q^\top / \sqrt N`.
    delta : ndarray, shape (axes,)
        Correlations of the inputs along the axes, :math:`s^2 / N`.
    targets : ndarray, shape (output features, axes)
        Correlations of the outputs with the inputs along the axes.
    """

    P: FloatArray
    items: FloatArray
    delta: FloatArray
    targets: FloatArray


def axes_of(X: FloatArray, Y: FloatArray, n_items: int) -> Axes:
    """Return the principal axes of inputs, of data whose items may have been rotated.

    Parameters
    ----------
    X, Y : ndarray, shapes (input features, items) and (output features, items)
    n_items : int
        Number of items before they were rotated.

    Returns
    -------
    Axes
    """
    root = math.sqrt(n_items)
    P, lengths, Q = np.linalg.svd(X, full_matrices=False)
    seen = lengths > max(X.shape) * np.finfo(np.float64).eps * np.max(lengths, initial=0.0)
    items = lengths[seen, None] * Q[seen] / root
    return Axes(np.ascontiguousarray(P[:, seen]), items, (lengths[seen] / root) ** 2, (Y / root) @ items.T)
