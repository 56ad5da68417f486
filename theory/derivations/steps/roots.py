"""Whether a number that solves equations is the only one of its domain that does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import islice, pairwise
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy import Derivative, Eq, Expr, Integral, Limit, MatrixExpr, Sum, Symbol
from sympy.core.function import AppliedUndef

from ...symbolic.digits import has_exact_value
from ...symbolic.equality import random_points

Function = Callable[..., Any]
OPAQUE = (AppliedUndef, Derivative, Integral, Limit, MatrixExpr, Sum)
TRIED, DIGITS, BISECTIONS = 3, 40, 120
SIZES = np.logspace(-6, 6, 241).tolist()
SMALL, SAME = 1e-9, mpmath.mpf(10) ** -25


def not_the_only_solution(
    equations: Sequence[Eq], unknown: Symbol, value: Expr, where: Sequence[Expr] = (), root: str = "only"
) -> str:
    """Why a solution does not follow, although it solves the equations; empty if no other one is found.

    Others are searched for as changes of sign over twelve decades, at a few random points; where another symbol that
    may be 0 is, the equations must still say something about the unknown.

    Examples
    --------
    >>> x, y = Symbol("x", real=True), Symbol("y", positive=True)
    >>> not_the_only_solution([Eq(x**2, y**2)], x, y)[:34]
    'is one of several solutions: x = -'
    >>> not_the_only_solution([Eq(x**2, y**2)], x, y, root="larger")
    ''
    """
    if any(part.has(*OPAQUE) for part in (*equations, value)):
        return ""
    others = set().union(value.free_symbols, *(equation.free_symbols for equation in equations)) - {unknown}
    conditions = [condition for condition in where if unknown not in condition.free_symbols]
    names = sorted(others, key=str)
    residuals = sympy.lambdify([unknown, *names], [e.lhs - e.rhs for e in equations], "mpmath")
    stated = sympy.lambdify(names, value, "mpmath")
    with mpmath.workdps(DIGITS):
        for point in islice(random_points(others, conditions, 0), TRIED):
            at = [mpmath.mpf(point[name].p) / point[name].q for name in names]
            left_open = _left_open(residuals, names, at)
            if left_open:
                return f"is not determined where {left_open} = 0"
            here, allowed = mpmath.re(stated(*at)), _domain(unknown, point, where)
            exact = _roots_of_polynomials(equations, unknown, point)
            solutions = _solutions(residuals, unknown, at, here) if exact is None else exact
            rivals = [x for x in solutions if abs(x - here) > SAME * abs(here) and allowed(x)]
            wrong = {
                "only": rivals,
                "larger": [x for x in rivals if x > here],
                "smaller": [x for x in rivals if x < here],
            }[root]
            if wrong:
                numbers = ", ".join(f"{name} = {float(number):.5g}" for name, number in zip(names, at, strict=True))
                kind = "one of several solutions" if root == "only" else f"not the {root} solution"
                return f"is {kind}: {unknown} = {float(wrong[0]):.5g} is another at {numbers or 'all points'}"
    return ""


def _left_open(residuals: Function, names: Sequence[Symbol], at: Sequence[Any]) -> Symbol | None:
    """A symbol that may be 0, and where it is leaves nothing of the equations."""
    for index, name in enumerate(names):
        if name.is_zero is None:
            changed = [*at[:index], mpmath.mpf(0), *at[index + 1 :]]
            left = [_values(residuals, x, changed) for x in (SIZES[100], SIZES[120], SIZES[140])]
            if all(value == 0 for values in left for value in values):
                return name
    return None


def _domain(unknown: Symbol, point: Mapping[Symbol, Expr], where: Sequence[Expr]) -> Callable[[Any], bool]:
    """Whether a number satisfies the conditions on the unknown at a point."""
    conditions = [condition.subs(point) for condition in where if unknown in condition.free_symbols]
    return lambda x: all(condition.subs(unknown, sympy.Float(x)) != False for condition in conditions)  # noqa: E712


def _roots_of_polynomials(equations: Sequence[Eq], unknown: Symbol, point: Mapping[Symbol, Expr]) -> list[Any] | None:
    """All real roots of the domain, double ones too, where the equations are polynomials at a point; else None."""
    residuals = [equation.lhs - equation.rhs for equation in equations]
    if not all(has_exact_value(residual, point) for residual in residuals):
        return None
    fractions = [sympy.fraction(sympy.together(residual.xreplace(dict(point)))) for residual in residuals]
    numerators = [sympy.expand(numerator) for numerator, _ in fractions]
    if not all(part.is_polynomial(unknown) and part.free_symbols == {unknown} for part in numerators):
        return None
    try:
        common = reduce(sympy.Poly.gcd, (sympy.Poly(part, unknown, domain="QQ") for part in numerators))
    except sympy.CoercionFailed:
        return None
    if common.degree() <= 0:
        return []
    roots = [root for root in set(common.real_roots()) if not _vanishes_below(fractions, unknown, root)]
    signs = ((unknown.is_nonnegative, "nonnegative"), (unknown.is_nonpositive, "nonpositive"))
    inside = [root for root in roots if all(getattr(root, f"is_{word}") for declared, word in signs if declared)]
    kept = [root for root in inside if not (unknown.is_nonzero and root.is_zero)]
    return [mpmath.mpmathify(sympy.N(root, DIGITS)) for root in kept]


def _vanishes_below(fractions: Sequence[tuple[Expr, Expr]], unknown: Symbol, root: Expr) -> bool:
    """Whether a denominator is 0 at a root."""
    return any(abs(sympy.N(below.subs(unknown, sympy.N(root, 60)), 60)) < 1e-40 for _, below in fractions)


def _solutions(residuals: Function, unknown: Symbol, at: Sequence[Any], here: Any) -> list[Any]:
    """Numbers with the sign of the unknown that solve all equations at a point, found as changes of sign."""
    negative = [] if unknown.is_nonnegative else [-size for size in reversed(SIZES)]
    grid = [*negative, *([] if unknown.is_nonzero else [0.0]), *([] if unknown.is_nonpositive else SIZES)]
    near = [here * (1 + sign * mpmath.mpf(10) ** -power) for power in range(1, 24, 2) for sign in (1, -1)]
    grid = sorted([*grid, *near])
    rows = [(x, values) for x in grid if None not in (values := _values(residuals, x, at))]
    scales = (
        [sorted(abs(values[i]) for _, values in rows)[len(rows) // 2] for i in range(len(rows[0][1]))] if rows else []
    )
    changes = ((low, high) for (low, a), (high, b) in pairwise(rows) if a[0] * b[0] <= 0)
    found = [_bisected(residuals, low, high, at) for low, high in changes]
    return [x for x in found if all(map(_small, _values(residuals, x, at), scales))]


def _small(value: Any, scale: Any) -> bool:
    return value is not None and bool(abs(value) <= SMALL * scale)


def _bisected(residuals: Function, low: float, high: float, at: Sequence[Any]) -> Any:
    """Where the first residual changes its sign."""
    a, b = mpmath.mpf(low), mpmath.mpf(high)
    below = _values(residuals, a, at)[0]
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        value = _values(residuals, middle, at)[0]
        if value is not None and value * below > 0:
            a = middle
        else:
            b = middle
    return b


def _values(residuals: Function, x: Any, at: Sequence[Any]) -> list[Any]:
    """Residuals of the equations, None where they are not real."""
    try:
        return [_real(value) for value in residuals(mpmath.mpf(x), *at)]
    except (ZeroDivisionError, OverflowError, ValueError):
        return [None]


def _real(value: Any) -> Any:
    value = mpmath.mpmathify(value)
    return mpmath.re(value) if mpmath.isfinite(value) and abs(mpmath.im(value)) <= SMALL * abs(value) else None
