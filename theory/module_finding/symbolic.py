"""The captured variance of one direction as sympy expressions."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Symbol, exp, factorial, oo, pi, sin, sqrt

omega, phase = sympy.symbols("omega phase", real=True)
z = Symbol("z", real=True)


def hermite_polynomial(k: int, x: Expr = z) -> Expr:
    r"""Return the orthonormal polynomial :math:`He_k(x)/\sqrt{k!}` under the standard normal distribution.

    Examples
    --------
    >>> hermite_polynomial(2)
    sqrt(2)*(z**2 - 1)/2
    """
    x = sympy.sympify(x)
    plain = sympy.expand(2 ** -sympy.Rational(k, 2) * sympy.hermite(k, x / sqrt(2)))
    return plain / sqrt(factorial(k))


def normal_mean(expression: Expr) -> Expr:
    """Return the mean of an expression in z over the standard normal distribution.

    Examples
    --------
    >>> normal_mean(z**4)
    3
    """
    density = exp(-(z**2) / 2) / sqrt(2 * pi)
    return sympy.simplify(sympy.integrate(sympy.expand(expression) * density, (z, -oo, oo)))


def sine_coefficient(k: int) -> Expr:
    r"""Return the Hermite coefficient of degree k of :math:`\sin(\omega z + \varphi)`.

    Examples
    --------
    >>> sine_coefficient(1)
    omega*exp(-omega**2/2)*cos(phase)
    """
    return exp(-(omega**2) / 2) * omega**k / sqrt(factorial(k)) * sin(phase + k * pi / 2)


def captured_variance(coefficients: Sequence[Sequence[Expr]], overlaps: Sequence[Expr]) -> Expr:
    r"""Return the variance explained by one direction, :math:`\sum_{k\ge1} (\sum_j h_{jk} \rho_j^k)^2`.

    Parameters
    ----------
    coefficients : sequence of sequences of Expr
        h, modules by degrees from 0 on.
    overlaps : sequence of Expr

    Examples
    --------
    >>> a, b, r, s = sympy.symbols("a b r s")
    >>> captured_variance([[0, a], [0, b]], [r, s])
    (a*r + b*s)**2
    """
    degrees = range(1, len(coefficients[0]))
    return sympy.Add(*(sum(h[k] * rho**k for h, rho in zip(coefficients, overlaps, strict=True)) ** 2 for k in degrees))
