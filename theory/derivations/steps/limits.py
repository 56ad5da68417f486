"""Limits: computed by sympy, then compared with numerical values that approach them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

import mpmath
import sympy
from sympy import AccumBounds, Expr, Limit, Symbol, oo
from sympy.core.function import AppliedUndef

from ...symbolic.equality import random_points

TRIED, DIGITS = 3, 80
FAR, NEAR = 4, 24
"""Decades towards the point, between which the distance to a limit must at least halve: a logarithm does."""
ROUNDING = mpmath.mpf(10) ** -30


@lru_cache(maxsize=1024)
def limit_value(expression: Expr, variable: Symbol, point: Expr, direction: str = "+") -> Expr:
    """Value of a limit, or the unevaluated limit where sympy finds none.

    Examples
    --------
    >>> from sympy import exp
    >>> x = Symbol("x", positive=True)
    >>> limit_value((1 - exp(-x)) / x, x, 0)
    1
    >>> limit_value(exp(-x), x, oo)
    0
    """
    unknown = Limit(expression, variable, point, direction)
    try:
        value = sympy.limit(expression, variable, point, str(direction))
    except (NotImplementedError, ValueError):
        return unknown
    return unknown if value.has(AccumBounds) else value


def outside(limit: Limit, where: Sequence[Expr] = ()) -> str:
    """Why a point is not approached from inside the domain of the variable; empty if it is.

    Examples
    --------
    >>> x = Symbol("x", positive=True)
    >>> outside(Limit(x, x, 0, "-"))
    'approaches x = 0 from outside its domain'
    >>> outside(Limit(x, x, 1, "-"), (x < 1,))
    ''
    """
    _, variable, point, _ = limit.args
    if not point.is_number:
        return ""
    near = _on_the_way(limit, NEAR)
    signs = ((variable.is_nonnegative, near >= 0), (variable.is_nonpositive, near <= 0))
    alone = [condition for condition in where if condition.free_symbols == {variable}]
    inside = all(holds for declared, holds in signs if declared) and all(c.subs(variable, near) for c in alone)
    return "" if inside else f"approaches {variable} = {point} from outside its domain"


def misses(limit: Limit, where: Sequence[Expr] = ()) -> str:
    """Why a limit that sympy has found cannot be right: values on the way do not come closer to it.

    Examples
    --------
    >>> x = Symbol("x", positive=True)
    >>> misses(Limit(sympy.sin(x) / x, x, 0))
    ''
    """
    expression, variable, point, _ = limit.args
    value = limit_value(*limit.args)
    if not point.is_number or not value.is_finite or expression.has(AppliedUndef) or expression.is_Matrix:
        return ""
    others = (expression.free_symbols | value.free_symbols) - {variable}
    conditions = [condition for condition in where if variable not in condition.free_symbols]
    for at in islice(random_points(others, conditions, 0), TRIED):
        far, near = (_distance(expression - value, at | {variable: _on_the_way(limit, k)}) for k in (FAR, NEAR))
        if not near <= far / 2 + ROUNDING * _distance(value, at):
            return f"does not come closer to {value} as {variable} approaches {point}"
    return ""


def _distance(residual: Expr, at: dict[Symbol, Expr]) -> mpmath.mpf:
    with mpmath.workdps(DIGITS):
        evaluate = sympy.lambdify(list(at), residual, "mpmath")
        return abs(evaluate(*(mpmath.mpmathify(sympy.N(number, DIGITS)) for number in at.values())))


def _on_the_way(limit: Limit, decades: int) -> Expr:
    _, _, point, direction = limit.args
    if point in (oo, -oo):
        return sympy.sign(point) * sympy.Integer(10) ** decades
    step = sympy.Rational(1, 10**decades)
    return point - step if str(direction) == "-" else point + step
