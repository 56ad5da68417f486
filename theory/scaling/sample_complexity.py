"""The number of samples that the student needs: exact integers, or logarithms if they have too many digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from scipy.optimize import brentq

from ...datasets.laws import PowerLaw
from ...validation import instance, integer, real

LARGEST_LOG = 700.0
"""Natural logarithm of the largest number of samples that is searched for as an integer."""


def optimal_size(law: PowerLaw, rows: int, modules: int = 1, noise: float = 0.0) -> int:
    r"""Return the number of features per module, below the number of rows, that minimises the expected test loss.

    .. math:: L(p) = (T(p) + \sigma^2)\frac{N - 1}{N - 1 - Kp} - \sigma^2

    Without noise the minimum over real p is :math:`p^* + q = \frac{a}{1 + a}(\frac{N - 1}{K} + q)`, for the law with
    :math:`q = 1, a = \Omega^{-m}` and K = 1 thus :math:`p^* + 1 = N/(1 + \Omega^m)`. It is 0 where nothing beats
    predicting 0.

    Parameters
    ----------
    law : PowerLaw
        Eigenvalues of each module's target.
    rows : int
        N >= 1.
    modules : int, default 1
        K, the modules that share the rows, each with 1/K of the variance.
    noise : float, default 0
        Variance sigma^2 of the label noise, which the test loss leaves out.

    Returns
    -------
    int
        Features per module.

    See Also
    --------
    smallest_loss : The loss at this size.

    Examples
    --------
    >>> optimal_size(PowerLaw.with_exponent(dimension=2, omega=1.5), rows=400)
    122
    """
    n, count, noise = _sizes(law, rows, modules, noise)
    largest = (n - 2) // count
    if largest < 1:
        return 0
    return _argmin(lambda p: _log_loss(law, p, n, count, noise), 0, largest)


def smallest_loss(law: PowerLaw, rows: int, modules: int = 1, noise: float = 0.0) -> float:
    """Return the expected test loss at :func:`optimal_size`, relative to the total variance of the target.

    Parameters are those of :func:`optimal_size`.

    Parameters
    ----------
    law : PowerLaw
        Eigenvalues of each module's target.
    rows : int
    modules : int, default 1
    noise : float, default 0
        Variance of the label noise.

    Returns
    -------
    float
        At most 1, the loss of predicting 0.

    See Also
    --------
    optimal_size : The size that attains it.

    Examples
    --------
    >>> law = PowerLaw.with_exponent(dimension=2, omega=1.5)
    >>> round(smallest_loss(law, 33), 5), round(smallest_loss(law, 34), 5)
    (0.50001, 0.49415)
    """
    n, count, noise = _sizes(law, rows, modules, noise)
    best = optimal_size(law, n, count, noise)
    return math.exp(_log_loss(law, best, n, count, noise)) - noise / law.total


def sample_complexity(law: PowerLaw, error: float, modules: int = 1, noise: float = 0.0) -> int:
    r"""Return the smallest number of rows with which the best student with fewer features reaches a relative test loss.

    .. math:: n^* = 1 + \Big\lceil K \min_{p \ge 1} \frac{(\epsilon + \sigma^2)\, p}{\epsilon - T(p)} \Big\rceil

    which is :math:`L(p) \le \epsilon` (see :func:`optimal_size`) solved for N. Exact: the minimum over integers p is
    found in arithmetic of as many digits as it takes. So :math:`n^* - 1`, before rounding, is proportional to K.

    Parameters
    ----------
    law : PowerLaw
        Eigenvalues of each module's target.
    error : float
        epsilon in (0, 1), relative to the total variance.
    modules : int, default 1
        K, the modules that share the rows, each with 1/K of the variance.
    noise : float, default 0
        Variance of the label noise.

    Returns
    -------
    int
        Rows.

    Raises
    ------
    ValueError
        Above e^700 samples; :func:`log_sample_complexity` covers these.

    See Also
    --------
    log_sample_complexity : Its logarithm, for dimensions beyond range.
    modular_sample_complexity : The samples of known modules.

    Examples
    --------
    >>> [sample_complexity(PowerLaw.with_exponent(m, omega=2.0), error=0.5) for m in (1, 2, 3)]
    [25, 192, 5904]
    >>> sample_complexity(PowerLaw.with_exponent(1, omega=2.0), error=0.5, modules=3)
    73
    """
    epsilon, count, noise = _targets(law, error, modules, noise)
    size = log_sample_complexity(law, epsilon, count)
    if size + math.log1p(noise / law.total / epsilon) > LARGEST_LOG:
        raise ValueError(
            f"error needs about e^{size:.4g} samples for {law}, more than are searched for; got error={epsilon:g}."
            " Use log_sample_complexity"
        )
    with mpmath.workdps(40 + int(3 * size / math.log(10))):
        target, sigma2 = mpmath.mpf(epsilon), mpmath.mpf(noise) / mpmath.mpf(law.total)

        def needed(p: int) -> Any:
            gap = target - (1 + mpmath.mpf(p) / law.scale) ** -mpmath.mpf(law.exponent)
            return (target + sigma2) * p / gap if gap > 0 else mpmath.inf

        lowest = law.scale * mpmath.expm1(-mpmath.log(target) / law.exponent)
        first = max(1, int(mpmath.floor(lowest)) + 1)
        last = first + 1
        while needed(2 * last) < needed(last):
            last *= 2
        best = _argmin(needed, first, 2 * last)
        return 1 + int(mpmath.ceil(count * needed(best)))


def log_sample_complexity(law: PowerLaw, error: float, modules: int = 1) -> float:
    r"""Return the natural logarithm of the sample complexity over real sizes and rows, without label noise.

    With :math:`\nu = (n^* - 1)/(Kq)` it solves

    .. math:: (1 + a)\, \frac{\nu}{1 + \nu} \Big(\frac{a (1 + \nu)}{1 + a}\Big)^{-a} = \epsilon

    For :meth:`~linmod.datasets.PowerLaw.with_scale` nu depends on epsilon and a only, so that :math:`n^*` is
    proportional to :math:`\Omega^m`. For :meth:`~linmod.datasets.PowerLaw.with_exponent`

    .. math:: \ln n^* = \Omega^m \ln(1/\epsilon) + m \ln\Omega + 1 + o(1)

    at K = 1: doubly exponential in m. Above :func:`sample_complexity` by the effect of rounding only.

    Parameters and errors are those of :func:`sample_complexity`, without a largest number.

    Parameters
    ----------
    law : PowerLaw
    error : float
        Relative to the total variance.
    modules : int, default 1
        K.

    Returns
    -------
    float
        Natural logarithm.

    See Also
    --------
    sample_complexity : The number itself.

    Examples
    --------
    >>> import math
    >>> "1e%.1f" % (log_sample_complexity(PowerLaw.with_exponent(6, omega=2.0), error=0.1) / math.log(10))
    '1e66.2'
    """
    epsilon, count, _ = _targets(law, error, modules, 0.0)
    a = law.exponent

    def excess(log_nu: float) -> float:
        log_grown = float(np.logaddexp(0.0, log_nu))
        shrunk = -a * (math.log(a) + log_grown - math.log1p(a))
        return math.log1p(a) + log_nu - log_grown + shrunk - math.log(epsilon)

    low = -math.log(a)
    high = low + 1 + 2 * (a - math.log(epsilon)) / a
    log_nu = brentq(excess, low, high, xtol=1e-14, rtol=1e-14)
    return float(np.logaddexp(0.0, math.log(count) + math.log(law.scale) + log_nu))


def modular_sample_complexity(
    dimension: int, modules: int, module_dimension: int, omega: float, error: float, noise: float = 0.0
) -> int:
    r"""Return the sample complexity of K modules that see b known dimensions each of an input of m dimensions.

    :func:`sample_complexity` of the law with :math:`s = \Omega^{-b}` and K modules. It does not depend on m, on these
    conditions: the b-dimensional projections are known and disjoint (K b <= m; finding them takes samples that grow
    with m), the student has one block of features per projection, and blocks are independent. It grows in proportion
    to K: the loss stays the same as modules are added only if the rows *per module* do.

    Parameters
    ----------
    dimension : int
        m.
    modules : int
        K.
    module_dimension : int
        b.
    omega, error, noise : float

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the modules need more dimensions than there are, K > m/b.

    See Also
    --------
    sample_complexity : The samples of a monolithic student.

    Examples
    --------
    >>> [modular_sample_complexity(m, modules=3, module_dimension=1, omega=2.0, error=0.5) for m in (3, 30, 300)]
    [73, 73, 73]
    """
    m, b = integer("dimension", dimension, 1), integer("module_dimension", module_dimension, 1)
    count = integer("modules", modules, 1)
    if count * b > m:
        raise ValueError(f"modules must be at most dimension/module_dimension = {m / b:g}, got {count}")
    return sample_complexity(PowerLaw.with_exponent(b, omega), error, count, noise)


def _log_loss(law: PowerLaw, p: int, n: int, modules: int, noise: float) -> float:
    """Return the logarithm of the relative loss plus relative noise; convex in p."""
    log_tail = -law.exponent * math.log1p(p / law.scale)
    bias = log_tail if noise == 0 else float(np.logaddexp(log_tail, math.log(noise / law.total)))
    return bias - math.log1p(-modules * p / (n - 1))


def _argmin(value: Callable[[int], Any], low: int, high: int) -> int:
    """Return the smallest minimiser of a function of integers that falls and then rises."""
    while low < high:
        middle = (low + high) // 2
        if value(middle) <= value(middle + 1):
            high = middle
        else:
            low = middle + 1
    return low


def _sizes(law: PowerLaw, rows: int, modules: int, noise: float) -> tuple[int, int, float]:
    instance("law", law, (PowerLaw,))
    return integer("rows", rows, 2), integer("modules", modules, 1), real("noise", noise, 0.0)


def _targets(law: PowerLaw, error: float, modules: int, noise: float) -> tuple[float, int, float]:
    instance("law", law, (PowerLaw,))
    epsilon = real("error", error, positive=True)
    if epsilon >= 1:
        raise ValueError(f"error must be below 1, the loss of predicting 0, got {epsilon:g}")
    return epsilon, integer("modules", modules, 1), real("noise", noise, 0.0)
