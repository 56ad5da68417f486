"""Signs that symbols declare: a statement that contradicts them everywhere on the domain says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import mpmath
import sympy
from sympy import Eq, Expr
from sympy.core.function import AppliedUndef

from ...symbolic.equality import random_points

TRIED = 12
OPAQUE = (AppliedUndef, sympy.Derivative, sympy.Integral, sympy.Limit, sympy.MatrixExpr, sympy.Sum)


def contradicts_signs(statement: Eq, where: Sequence[Expr] = ()) -> bool:
    """Whether one side has a sign by declaration that the other does not have at any of a few random points.

    Examples
    --------
    >>> from sympy import Symbol, sqrt
    >>> x, y = Symbol("x", positive=True), Symbol("y", positive=True)
    >>> [contradicts_signs(Eq(x, root, evaluate=False)) for root in (sqrt(y), -sqrt(y))]
    [False, True]
    """
    left, right = statement.lhs, statement.rhs
    return _against(left, right, where) or _against(right, left, where)


def _against(declared: Expr, evaluated: Expr, where: Sequence[Expr]) -> bool:
    if declared.is_Matrix or evaluated.is_Matrix or evaluated.has(*OPAQUE) or declared.is_number:
        return False
    sign = -1 if declared.is_nonpositive else 1
    if not (declared.is_nonnegative or declared.is_nonpositive):
        return False
    strict = not (declared.is_positive is None and declared.is_negative is None)
    value = sympy.lambdify([sorted(evaluated.free_symbols, key=str)], evaluated, "mpmath")
    points = [
        {symbol: point[symbol] for symbol in sorted(evaluated.free_symbols, key=str)}
        for point in islice(random_points(evaluated.free_symbols, where, 0), TRIED)
    ]
    return all(
        _wrong(sign * value([mpmath.mpf(number.p) / number.q for number in point.values()]), strict) for point in points
    )


def _wrong(value: mpmath.mpf | mpmath.mpc, strict: bool) -> bool:
    if abs(mpmath.im(value)) > abs(value) / 1000:
        return True
    return bool(mpmath.re(value) <= 0 if strict else mpmath.re(value) < 0)
