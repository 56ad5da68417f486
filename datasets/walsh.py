"""Walsh functions: the item basis in which every systematicity dataset is diagonal."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ..validation import FloatArray, integer, without_mask


def sign_features(n_bits: int, bits: tuple[int, ...]) -> FloatArray:
    r"""Return the sign patterns of the items, one row for each of the given bits.

    Row i holds :math:`\Omega_{ij} = 1 - 2\,\mathrm{bit}_i(j)` for item j.

    Parameters
    ----------
    n_bits : int
        Number of index bits; there are ``2**n_bits`` items.
    bits : tuple of int
        The bits to return, in this order.

    Returns
    -------
    ndarray, shape (len(bits), 2**n_bits)

    See Also
    --------
    walsh_functions : All products of sign features.

    Examples
    --------
    >>> sign_features(2, (0, 1))
    array([[ 1., -1.,  1., -1.],
           [ 1.,  1., -1., -1.]])
    """
    items = np.arange(2 ** integer("n_bits", n_bits))
    if any(integer("bits entry", bit) >= n_bits for bit in bits):
        raise ValueError(f"bits must be below n_bits={n_bits}, got {bits}")
    return np.asarray(1.0 - 2.0 * ((items >> np.array(bits, dtype=np.int64)[:, None]) & 1))


def walsh_transform(values: ArrayLike) -> FloatArray:
    r"""Return the orthonormal fast Walsh-Hadamard transform along the last axis.

    .. math:: \hat a_m = \frac{1}{\sqrt N} \sum_j (-1)^{\mathrm{popcount}(j \& m)} a_j

    It is its own inverse, and costs N log2(N) additions for each row.

    Parameters
    ----------
    values : array_like, shape (..., N)
        N must be a power of two.

    Returns
    -------
    ndarray, shape (..., N)

    Raises
    ------
    ValueError
        If N is not a power of two.

    See Also
    --------
    walsh_functions : The basis of the transform.

    Examples
    --------
    >>> walsh_transform([1.0, 1.0, 1.0, 1.0])
    array([2., 0., 0., 0.])
    """
    without_mask("values", values)
    result = np.array(values, dtype=np.float64)
    if result.ndim == 0:
        raise ValueError("values must have at least one axis, got a single number")
    n_items = result.shape[-1]
    if n_items == 0 or n_items & (n_items - 1):
        raise ValueError(f"values must have a power of two of entries in the last axis, got {n_items}")
    half = 1
    while half < n_items:
        pairs = result.reshape(*result.shape[:-1], n_items // (2 * half), 2, half)
        total = pairs[..., 0, :] + pairs[..., 1, :]
        np.subtract(pairs[..., 0, :], pairs[..., 1, :], out=pairs[..., 1, :])
        pairs[..., 0, :] = total
        half *= 2
    return result / math.sqrt(n_items)


def walsh_functions(n_bits: int, masks: ArrayLike) -> FloatArray:
    """Return the orthonormal Walsh functions of the given masks, as columns over the items.

    Parameters
    ----------
    n_bits : int
        Number of index bits; there are ``2**n_bits`` items.
    masks : array_like of int, shape (M,)

    Returns
    -------
    ndarray, shape (2**n_bits, M)
        Entry (j, m) is ``(-1)**popcount(j & masks[m]) / sqrt(2**n_bits)``.

    See Also
    --------
    sign_features : The functions of a single bit.
    walsh_transform : Coefficients in this basis.

    Examples
    --------
    >>> walsh_functions(1, [0, 1]) * 2**0.5
    array([[ 1.,  1.],
           [ 1., -1.]])
    """
    items = np.arange(2 ** integer("n_bits", n_bits), dtype=np.int64)
    chosen = np.asarray(masks)
    if chosen.size and chosen.dtype.kind not in "iu":
        raise TypeError(f"masks must be integers, got {chosen.dtype}")
    if np.any((chosen < 0) | (chosen >= len(items))):
        raise ValueError(f"masks must be between 0 and {len(items) - 1} for n_bits={n_bits}, got {masks!r}")
    parity: FloatArray = np.bitwise_count(items[:, None] & chosen.astype(np.int64)[None, :]) & 1
    return (1.0 - 2.0 * parity) / math.sqrt(len(items))
