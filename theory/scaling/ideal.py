"""The best that any linear method can do: all features, in the proportion of their variances."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from ...datasets.laws import PowerLaw
from ...validation import instance, integer, real

SUMMED = 4000
"""Eigenvalues that are summed one by one; the rest is integrated."""
LARGEST_LOG = 300.0
"""Natural logarithm of the largest number of rows for which the equation is solved."""


def ideal_loss(law: PowerLaw, rows: int) -> float:
    r"""Return the test loss of the minimum-norm solution on all features, relative to the total variance.

    .. math:: L = N\kappa, \qquad \sum_{i=1}^{\infty} \frac{\lambda_i}{\lambda_i + \kappa} = N

    With the variances in the features and weights N(0, 1) this solution is the posterior mean, so that no method does
    better. Deterministic equivalent (see :func:`linmod.theory.scaling.deterministic_equivalent`), 1 to 2 percent below
    simulations at N = 10 to 20.

    Parameters
    ----------
    law : PowerLaw
    rows : int
        N >= 1.

    Returns
    -------
    float

    See Also
    --------
    expected_losses : The loss of a student of given size.

    Examples
    --------
    >>> round(ideal_loss(PowerLaw.with_exponent(2, 2.0), 84), 3)
    0.5
    """
    instance("law", law, (PowerLaw,))
    return _loss(law, integer("rows", rows, 1))


def ideal_sample_complexity(law: PowerLaw, error: float) -> float:
    """Return the real number of rows at which :func:`ideal_loss` equals a relative error in (0, 1).

    Parameters
    ----------
    law : PowerLaw
    error : float
        Relative to the total variance, below 1, the loss of predicting 0.

    Returns
    -------
    float
        At least 1.

    See Also
    --------
    sample_complexity : With a student of the best size.

    Examples
    --------
    >>> round(ideal_sample_complexity(PowerLaw.with_exponent(3, 2.0), 0.5))
    2451
    """
    instance("law", law, (PowerLaw,))
    target = real("error", error, positive=True)
    if target >= 1:
        raise ValueError(f"error must be below 1, the loss of predicting 0, got {target:g}")
    high = log_ideal_sample_complexity(law, target) + 3
    if high > LARGEST_LOG:
        raise ValueError(f"error needs about e^{high - 3:.4g} rows for {law}; use log_ideal_sample_complexity")
    if _loss(law, 1.0) < target:
        raise ValueError(f"error must need more than one row, got {target:g} for {law}")
    return math.exp(brentq(lambda log_n: math.log(_loss(law, math.exp(log_n)) / target), 0.0, high, xtol=1e-10))


def log_ideal_sample_complexity(law: PowerLaw, error: float) -> float:
    r"""Return the asymptote of the logarithm of :func:`ideal_sample_complexity` for many rows.

    .. math:: n \sim q\,\Big[\frac{a\,C^{1+a}}{\epsilon}\Big]^{1/a}, \qquad C = \frac{\pi/(1+a)}{\sin(\pi a/(1+a))}

    For the law with :math:`q = 1, a = \Omega^{-m}` it tends to :math:`\Omega^m \epsilon^{-\Omega^m}`: the best linear
    method needs a factor e fewer samples than the best under-parameterised one, no less than doubly exponentially many.

    Parameters
    ----------
    law : PowerLaw
    error : float
        Relative to the total variance, between 0 and 1.

    Returns
    -------
    float
        Natural logarithm.

    See Also
    --------
    ideal_sample_complexity : The number itself.

    Examples
    --------
    >>> law = PowerLaw.with_exponent(8, 2.0)
    >>> from linmod.theory.scaling import log_sample_complexity
    >>> round(log_sample_complexity(law, 0.5) - log_ideal_sample_complexity(law, 0.5), 2)
    1.0
    """
    instance("law", law, (PowerLaw,))
    target, a = real("error", error, positive=True), law.exponent
    log_c = math.log(math.pi / (1 + a)) - math.log(math.sin(math.pi * a / (1 + a)))
    return math.log(law.scale) + (math.log(a) + (1 + a) * log_c - math.log(target)) / a


def _loss(law: PowerLaw, rows: float) -> float:
    unit = PowerLaw(law.exponent, law.scale)
    first = unit.eigenvalues(SUMMED)

    def excess(log_kappa: float) -> float:
        kappa = math.exp(log_kappa)
        return math.log((float(np.sum(first / (first + kappa))) + _rest(unit, kappa)) / rows)

    return rows * math.exp(brentq(excess, _log_size(unit, 2 * rows + 1), -math.log(rows), xtol=1e-13))


def _rest(law: PowerLaw, kappa: float) -> float:
    """Return the sum over all i > SUMMED of lambda/(lambda + kappa): by the midpoint rule, as an integral over log i.

    Where lambda < 1e-9 kappa it is the tail of the law over kappa.
    """

    def share(log_index: float) -> float:
        x = math.exp(log_index)
        return x / (1 + kappa * math.exp(-_log_size(law, x + 0.5)))

    start = math.log(SUMMED + 0.5)
    far = max(start, math.log(law.scale), math.log(1e9 / kappa) / (1 + law.exponent) + math.log1p(law.scale))
    pieces = np.linspace(start, far, 21).tolist()
    summed = sum(quad(share, a, b)[0] for a, b in pairwise(pieces))
    return float(summed) + law.tail(math.exp(far) - 0.5) / kappa


def _log_size(law: PowerLaw, index: float) -> float:
    """Return the logarithm of the eigenvalue of a real index, T(i - 1) - T(i)."""
    drop = -math.expm1(-law.exponent * math.log1p(1 / (law.scale + index - 1)))
    return -law.exponent * math.log1p((index - 1) / law.scale) + math.log(drop)
