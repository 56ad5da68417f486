"""Trace of an inverse Wishart matrix, and how heavy its tail is near the interpolation threshold."""

from __future__ import annotations

import math

from ...validation import integer


def inverse_wishart_trace(rows: int, features: int) -> float:
    r"""Return the expected squared Frobenius norm of the pseudo-inverse of a Gaussian matrix.

    .. math:: F(n, p) = E|R^+|_F^2 = \begin{cases} p/(n - p - 1) & n \ge p + 2 \\ n/(p - n - 1) & p \ge n + 2 \\
              \infty & |n - p| \le 1 \end{cases}

    for R of shape (n, p) with independent standard normal entries (Hastie et al. 2022; Belkin, Hsu & Xu 2020). Exact.
    0 for a matrix without entries.

    Parameters
    ----------
    rows, features : int
        Shape (n, p) of the matrix.

    Returns
    -------
    float
        Infinite for :math:`|n - p| \le 1`.

    See Also
    --------
    tail_index : Tail of the distribution where the mean is infinite.

    Examples
    --------
    >>> inverse_wishart_trace(60, 50), inverse_wishart_trace(20, 21)
    (5.555555555555555, inf)
    """
    n, p = integer("rows", rows), integer("features", features)
    if min(n, p) == 0:
        return 0.0
    margin = abs(n - p) - 1
    return min(n, p) / margin if margin > 0 else math.inf


def tail_index(rows: int, features: int) -> float:
    r"""Return the tail index of the squared norm of the pseudo-inverse, :math:`(|n - p| + 1)/2`.

    Moments of this order and above are infinite: the mean for :math:`|n - p| \le 1`, the variance for
    :math:`|n - p| \le 3`. The smallest eigenvalue of a Wishart matrix has a density proportional to
    :math:`\mu^{(|n-p|-1)/2}` at 0, which makes that of its inverse fall as a power law with this index.

    Parameters
    ----------
    rows, features : int
        Shape (n, p) of the matrix, at least 1.

    Returns
    -------
    float

    See Also
    --------
    inverse_wishart_trace : The mean, where it is finite.

    Examples
    --------
    >>> tail_index(20, 19)
    1.0
    """
    return (abs(integer("rows", rows, 1) - integer("features", features, 1)) + 1) / 2
