"""LQ decompositions of wide matrices, in blocks that fit a processor's cache."""

from __future__ import annotations

import numpy as np

from ...validation import FloatArray

BLOCK_HEIGHTS = 8


def lower_factor(wide: FloatArray) -> FloatArray:
    """L of the decomposition L Q of matrices of shape (..., rows, columns) with orthonormal rows Q.

    Matrices that are not wider than high are returned as they are, with Q the identity.
    """
    if wide.shape[-1] <= wide.shape[-2]:
        return wide
    return _lower(wide).swapaxes(-1, -2)


def orthonormal_rows(wide: FloatArray) -> FloatArray | None:
    """Q of :func:`lower_factor`, shape (..., rows, columns); None where it is the identity."""
    if wide.shape[-1] <= wide.shape[-2]:
        return None
    return _orthonormal(wide)[0].swapaxes(-1, -2)


def _lower(wide: FloatArray) -> FloatArray:
    """Return the upper-triangular factor of the transpose, by factors of blocks and the factor of all of them."""
    blocks = _blocks(wide)
    if blocks is None:
        return np.asarray(np.linalg.qr(wide.swapaxes(-1, -2), mode="r"))
    upper = np.asarray(np.linalg.qr(blocks, mode="r"))
    return _lower(upper.reshape(*wide.shape[:-2], -1, wide.shape[-2]).swapaxes(-1, -2))


def _orthonormal(wide: FloatArray) -> tuple[FloatArray, FloatArray]:
    blocks = _blocks(wide)
    if blocks is None:
        Q, upper = np.linalg.qr(wide.swapaxes(-1, -2))
        return Q, upper
    rows, columns = wide.shape[-2:]
    Q, uppers = np.linalg.qr(blocks)
    outer, upper = _orthonormal(uppers.reshape(*wide.shape[:-2], -1, rows).swapaxes(-1, -2))
    joined = Q @ outer.reshape(*uppers.shape)
    return joined.reshape(*wide.shape[:-2], -1, rows)[..., :columns, :], upper


def _blocks(wide: FloatArray) -> FloatArray | None:
    """Return the transpose in blocks of rows, shape (..., blocks, rows of a block, columns); None for one block."""
    rows, columns = wide.shape[-2:]
    height = BLOCK_HEIGHTS * rows
    if columns <= 2 * height:
        return None
    missing = -columns % height
    tall = np.empty((*wide.shape[:-2], columns + missing, rows))
    tall[..., :columns, :] = wide.swapaxes(-1, -2)
    tall[..., columns:, :] = 0.0
    return tall.reshape(*wide.shape[:-2], -1, height, rows)
