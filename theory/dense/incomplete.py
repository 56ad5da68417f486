r"""The integral behind learning in depth, and its inverse.

.. math:: B_b(w) = \int^w \frac{u^{b-1}}{1-u}\,\mathrm{d}u = \frac{w^b}{b}\, {}_2F_1(1, b; b+1; w),
          \qquad 0 < w < 1

for real b, not 0 or a negative integer. Everything is written in :math:`y = \ln(w/(1-w))`, in which w and 1 - w are
both exact, and in which :math:`\mathrm{d}B/\mathrm{d}y = w^b`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, expit, log_expit

from ...validation import FloatArray

TERMS = 56
NEWTON_STEPS = 60


def incomplete(b: float, y: FloatArray) -> FloatArray:
    r"""Return the value of :math:`B_b` at :math:`w = 1/(1 + e^{-y})`.

    For :math:`w \le 1/2` the power series :math:`\sum_n w^{b+n}/(b+n)`; above it the logarithmic series

    .. math:: w^b \sum_n \frac{(b)_n}{n!} \left[\psi(n+1) - \psi(b+n) - \ln(1-w)\right] (1-w)^n

    Source: the hypergeometric function with c = a + b about 1 (Abramowitz & Stegun 15.3.10). Relative error below
    1e-14, except near its zero for b < 0.

    Parameters
    ----------
    b : float
    y : ndarray

    Returns
    -------
    ndarray

    Examples
    --------
    >>> w = 0.3
    >>> bool(np.isclose(incomplete(1.0, np.log(w / (1 - w))), -np.log(1 - w)))
    True
    """
    n = np.arange(TERMS)
    weights = np.concatenate([[1.0], np.cumprod((b + n[:-1]) / (n[:-1] + 1))])
    constants = weights * (digamma(n + 1.0) - digamma(b + n))
    low = np.minimum(expit(y), 0.5)
    high = np.minimum(expit(-y), 0.5)
    log_high = np.where(y >= 0, log_expit(-y), 0.0)
    with np.errstate(over="ignore"):
        power = np.exp(b * log_expit(y))
    return power * np.where(
        y < 0, _series(1 / (b + n), low), _series(constants, high) - log_high * _series(weights, high)
    )


def invert_incomplete(b: float, target: FloatArray) -> FloatArray:
    r"""Return the y at which :math:`B_b` takes given values, by Newton's method from the nearer asymptote.

    B is monotone in y, and concave (b < 0) or convex (b > 0), so that Newton's iterates stay on one side of the
    solution after at most one step. Domain: -1 < b < 0 with any target, or b > 0 with target > 0.

    Examples
    --------
    >>> float(invert_incomplete(-1/3, incomplete(-1/3, np.array(-2.0))).round(12))
    -2.0
    """
    late = target + digamma(b) + np.euler_gamma
    with np.errstate(divide="ignore", invalid="ignore"):
        log_w = np.log(b * target) / b
    early = log_w - np.log1p(-np.exp(np.minimum(log_w, -0.1)))
    near = np.isfinite(log_w) & (log_w < -1.4)
    y = np.where(near, early, late) if b < 0 else np.where(near, np.minimum(early, late), late)
    y = np.clip(y, -1e4, None)
    for _ in range(NEWTON_STEPS):
        with np.errstate(over="ignore", invalid="ignore"):
            step = (target - incomplete(b, y)) * np.exp(-b * log_expit(y))
        y = y + np.where(np.isfinite(step), step, 0.0)
        if np.all(np.abs(step) <= 4e-16 * np.maximum(np.abs(y), 1.0)):
            break
    return y


def _series(coefficients: FloatArray, x: FloatArray) -> FloatArray:
    return np.asarray(np.polynomial.polynomial.polyval(x, coefficients))
