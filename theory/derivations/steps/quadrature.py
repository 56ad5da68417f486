"""Integrals compared with numerical quadrature, which detects a pole in the interval; differentiation does not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import mpmath
import sympy
from sympy import Derivative, Expr, Integral
from sympy.core.function import AppliedUndef

from ...symbolic.equality import random_points

TRIED, DIGITS = 2, 20
TOLERANCE = mpmath.mpf(10) ** -8
"""Of quadrature, which loses digits where the integrand grows without bound near an end."""


def differs_from_quadrature(sides: Sequence[Expr], where: Sequence[Expr] = ()) -> str:
    """Where the two sides differ when their integrals are computed; empty if they agree or nothing can be computed.

    Examples
    --------
    >>> from sympy import Symbol
    >>> x, a = Symbol("x", real=True), Symbol("a", positive=True)
    >>> differs_from_quadrature((Integral(x, (x, -1, a)), (a**2 - 1) / 2))
    ''
    >>> differs_from_quadrature((Integral(1 / x**2, (x, -1, a)), -1 / a - 1))[:35]
    'is not the integral, computed at a '
    """
    if not any(side.has(Integral) for side in sides) or any(side.has(AppliedUndef, Derivative) for side in sides):
        return ""
    symbols = sorted(set().union(*(side.free_symbols for side in sides)), key=str)
    for point in islice(random_points(set(symbols), where, 0), TRIED):
        with mpmath.workdps(DIGITS):
            evaluate = sympy.lambdify(symbols, list(sides), "mpmath")
            left, right = evaluate(*(mpmath.mpf(point[symbol].p) / point[symbol].q for symbol in symbols))
            agree = abs(left - right) <= TOLERANCE * max(abs(left), abs(right))
        if not agree:
            at = ", ".join(f"{symbol} = {float(point[symbol]):.5g}" for symbol in symbols)
            return f"is not the integral, computed at {at}"
    return ""
