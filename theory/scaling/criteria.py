r"""Other criteria for a sufficient number of samples, which then grows more slowly with the dimension.

At a fixed relative loss :func:`~linmod.theory.scaling.sample_complexity` is doubly exponential in the dimension m of
the law :meth:`~linmod.datasets.PowerLaw.with_exponent`. To be better than nothing, or to use a student of fixed size as
well as it can be used, takes :math:`\Omega^m` samples; to afford a student as large as the effective dimension
:math:`\Omega^m` takes :math:`\Omega^{2m}`.
"""

from __future__ import annotations

from typing import Any

import mpmath

from ...datasets.laws import PowerLaw
from ...validation import instance, integer, real

DIGITS = 60
"""Decimal digits of the arithmetic, before those of the number of samples."""


def useful_sample_complexity(law: PowerLaw, modules: int = 1, noise: float = 0.0) -> int:
    r"""Return the smallest number of rows with which some student of fewer features than rows predicts better than 0.

    .. math:: n_0 = 1 + \Big\lfloor \frac{K (c + \sigma^2)}{\lambda_1} \Big\rfloor + 1

    Size p pays once :math:`N - 1 > K p\,(c + \sigma^2)/(c - T(p))`, which grows with p: one feature per module is the
    first to pay. For :meth:`~linmod.datasets.PowerLaw.with_exponent` it grows as :math:`K \Omega^m/\ln 2`, for
    :meth:`~linmod.datasets.PowerLaw.with_scale` as :math:`K \Omega^m/a`.

    Parameters
    ----------
    law : PowerLaw
        Eigenvalues of each module's target.
    modules : int, default 1
        K, the modules that share the rows, each with 1/K of the variance.
    noise : float, default 0
        sigma^2, the variance of the label noise.

    Returns
    -------
    int
        At least 2.

    See Also
    --------
    sample_complexity : Samples for a given error.

    Examples
    --------
    >>> useful_sample_complexity(PowerLaw.with_exponent(dimension=6, omega=2.0))
    94
    """
    count, sigma2 = _arguments(law, modules, noise)
    with mpmath.workdps(_digits(law)):
        head = 1 - _tail(law, 1)
        return 2 + int(mpmath.floor(count * (1 + mpmath.mpf(sigma2) / law.total) / head))


def sample_complexity_at_size(law: PowerLaw, size: int, share: float, modules: int = 1, noise: float = 0.0) -> int:
    r"""Return the smallest number of rows with which a student of fixed size gains a share of all that it can gain.

    .. math:: c - L(p) \ge \eta\,(c - T(p)) \iff N \ge 1 + K p + \frac{K p\,(T(p) + \sigma^2)}{(1 - \eta)(c - T(p))}

    For :meth:`~linmod.datasets.PowerLaw.with_exponent` without noise :math:`T/(c - T) = 1/((1 + p)^s - 1)`, so that it
    grows as :math:`K p\,\Omega^m/((1 - \eta) \ln(1 + p))`. What can be gained at fixed p goes to 0 at the same time,
    as :math:`\Omega^{-m} \ln(1 + p)`: the relative loss that is reached tends to 1.

    Parameters
    ----------
    law : PowerLaw
        Eigenvalues of each module's target.
    size : int
        p >= 1, features per module.
    share : float
        eta in [0, 1), of the loss of predicting 0 minus the loss at infinitely many rows.
    modules : int, default 1
        K.
    noise : float, default 0

    Returns
    -------
    int

    See Also
    --------
    sample_complexity : Samples for an error at the best size.

    Examples
    --------
    >>> [sample_complexity_at_size(PowerLaw.with_exponent(m, omega=2.0), size=10, share=0.5) for m in (4, 5, 6)]
    [135, 269, 535]
    """
    count, sigma2 = _arguments(law, modules, noise)
    p, eta = integer("size", size, 1), real("share", share, 0.0)
    if eta >= 1:
        raise ValueError(f"share must be below 1, which no number of rows reaches, got {eta:g}")
    with mpmath.workdps(_digits(law)):
        tail = _tail(law, p)
        lost = (tail + mpmath.mpf(sigma2) / law.total) / (1 - tail)
        return 1 + int(mpmath.ceil(count * p * (1 + lost / (1 - mpmath.mpf(eta)))))


def samples_of_optimal_size(law: PowerLaw, size: float, modules: int = 1) -> float:
    r"""Return the real number of rows at which a student of this size is the best, without label noise.

    .. math:: N = 1 + K \Big[\frac{1 + a}{a}(p + q) - q\Big]

    the inverse of :func:`~linmod.theory.scaling.optimal_size` over real sizes. For
    :meth:`~linmod.datasets.PowerLaw.with_exponent` the size :math:`p = \Omega^m` is the best at
    :math:`(1 + \Omega^m)^2` rows (K = 1): this is where :math:`\Omega^{2m}` comes from. The relative loss there is
    still near 1, about :math:`1 - \Omega^{-m} (m \ln\Omega - 1)`.

    Parameters
    ----------
    law : PowerLaw
        Eigenvalues of each module's target.
    size : float
        p >= 0, features per module.
    modules : int, default 1
        K.

    Returns
    -------
    float

    See Also
    --------
    optimal_size : The best size for given samples.

    Examples
    --------
    >>> samples_of_optimal_size(PowerLaw.with_exponent(dimension=3, omega=2.0), size=8)
    81.0
    """
    count, _ = _arguments(law, modules, 0.0)
    p, a = real("size", size, 0.0), law.exponent
    return 1 + count * ((1 + a) / a * (p + law.scale) - law.scale)


def _arguments(law: PowerLaw, modules: int, noise: float) -> tuple[int, float]:
    instance("law", law, (PowerLaw,))
    return integer("modules", modules, 1), real("noise", noise, 0.0)


def _digits(law: PowerLaw) -> int:
    """Return a number of digits that suffices for 1 - T(p), which is at least about the exponent over the scale."""
    return DIGITS + int(max(0.0, 3 * float(mpmath.log10(law.scale / law.exponent))))


def _tail(law: PowerLaw, size: int) -> Any:
    """T(p)/c."""
    return (1 + mpmath.mpf(size) / law.scale) ** -mpmath.mpf(law.exponent)
