"""Laws of eigenvalues: the variance of a task beyond its first p features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..validation import FloatArray, integer, real


@dataclass(frozen=True)
class PowerLaw:
    r"""Eigenvalues whose tail sums follow a power law.

    .. math:: T(p) = \sum_{i>p} \lambda_i = c\,(1 + p/q)^{-a}, \qquad \lambda_i = T(i - 1) - T(i)

    There are infinitely many, all positive and decreasing. A task of m dimensions can enter in two ways:
    :meth:`with_exponent` puts it into a, :meth:`with_scale` into q. They differ in what they say about the number of
    samples: doubly exponential in m with the first, singly exponential with the second
    (:func:`linmod.theory.scaling.sample_complexity`).

    Parameters
    ----------
    exponent : float
        a > 0.
    scale : float, default 1
        q > 0, in features.
    total : float, default 1
        c > 0, the sum of all eigenvalues.

    See Also
    --------
    RandomFeatures : A task whose eigenvalues follow the law.

    Examples
    --------
    >>> law = PowerLaw(exponent=0.5)
    >>> law.eigenvalues(3).round(4)
    array([0.2929, 0.1298, 0.0774])
    >>> law.tail(3)
    0.5
    """

    exponent: float
    scale: float = 1.0
    total: float = 1.0

    def __post_init__(self) -> None:
        for name in ("exponent", "scale", "total"):
            object.__setattr__(self, name, real(name, getattr(self, name), positive=True))

    @classmethod
    def with_exponent(cls, dimension: int, omega: float, total: float = 1.0) -> PowerLaw:
        r"""Let the dimension m slow the decay: :math:`\lambda_i = c[i^{-s} - (i+1)^{-s}]`, :math:`s = \Omega^{-m}`.

        The law of "Breaking Neural Network Scaling Laws with Modularity" (Boopathy, Jiang, Yue, Hwang, Iyer & Fiete,
        ICLR 2025).

        Parameters
        ----------
        dimension : int
            m >= 1.
        omega : float
            Omega >= 1.
        total : float, default 1

        Raises
        ------
        ValueError
            Also if :math:`\Omega^m` is beyond the range of floating-point numbers.

        Examples
        --------
        >>> PowerLaw.with_exponent(dimension=2, omega=2.0)
        PowerLaw(exponent=0.25, scale=1.0, total=1.0)
        """
        return cls(exponent=1 / _effective_dimension(dimension, omega), total=total)

    @classmethod
    def with_scale(cls, dimension: int, omega: float, exponent: float, total: float = 1.0) -> PowerLaw:
        r"""Let the dimension m spread the variance: :math:`T(p) = c\,(1 + p/\Omega^m)^{-a}`.

        The task then has the effective dimension :math:`\Omega^m`, as in McRae, Romberg & Davenport (2020).

        Parameters and errors are those of :meth:`with_exponent`, with a as `exponent`.

        Examples
        --------
        >>> PowerLaw.with_scale(dimension=3, omega=2.0, exponent=1.0).tail(8)
        0.5
        """
        return cls(exponent=exponent, scale=_effective_dimension(dimension, omega), total=total)

    def eigenvalues(self, count: int) -> FloatArray:
        r"""Return the first `count` eigenvalues, free of cancellation.

        :math:`\lambda_i = T(i - 1)\,(1 - e^{-a \ln(1 + 1/(q + i - 1))})`, by expm1 and log1p: relative error of a few
        roundings for any exponent and index.
        """
        below = np.arange(integer("count", count), dtype=np.float64)
        drops = -np.expm1(-self.exponent * np.log1p(1 / (self.scale + below)))
        return np.asarray(self.total * np.exp(-self.exponent * np.log1p(below / self.scale)) * drops)

    def tail(self, used: float) -> float:
        """Return the sum of all eigenvalues beyond the first `used`, T(p)."""
        return self.total * math.exp(-self.exponent * math.log1p(real("used", used, 0.0) / self.scale))

    def head(self, used: float) -> float:
        """Return the sum of the first `used` eigenvalues, c - T(p), free of cancellation."""
        return -self.total * math.expm1(-self.exponent * math.log1p(real("used", used, 0.0) / self.scale))


def _effective_dimension(dimension: int, omega: float) -> float:
    log_size = integer("dimension", dimension, 1) * math.log(real("omega", omega, 1.0))
    if log_size > 700:
        raise ValueError(f"dimension must keep omega^dimension below e^700, got {dimension} with omega={omega:g}")
    return float(omega) ** dimension
